//! Sums as a table for people, as JSON and as CSV.

use serde_json::{Map, Value, json};

use crate::ledger::journal::report::{By, Sum};
use crate::ledger::journal::sums::Counts;

const NUMBERS: [&str; 9] =
    ["calls", "failed", "input", "output", "cached", "cache_write", "reasoning", "unpriced", "cost_usd"];

fn counts(counts: &Counts) -> [i64; 8] {
    let Counts { calls, failed, input, output, cached, cache_write, reasoning, unpriced, .. } = *counts;
    [calls, failed, input, output, cached, cache_write, reasoning, unpriced]
}

fn numbers(of: &Counts) -> impl Iterator<Item = String> {
    counts(of).into_iter().map(|count| count.to_string()).chain([of.cost.to_string()])
}

fn total(sums: &[Sum]) -> Sum {
    let mut total = Sum::default();
    sums.iter().for_each(|sum| total.counts += sum.counts);
    total
}

/// With a line of its own for all of it.
pub(super) fn text(by: &[By], sums: &[Sum]) -> String {
    let header = by.iter().map(|by| by.as_str().to_owned()).chain(NUMBERS.map(str::to_owned)).collect();
    let name = |name: &String| if name.is_empty() { "-".to_owned() } else { printable(name) };
    let mut rows: Vec<Vec<String>> = vec![header];
    rows.extend(sums.iter().map(|sum| sum.names.iter().map(name).chain(numbers(&sum.counts)).collect()));
    let all = (0..by.len()).map(|index| if index == 0 { "total".to_owned() } else { String::new() });
    rows.push(all.chain(numbers(&total(sums).counts)).collect());
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..by.len() + NUMBERS.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column < by.len() {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text: String = rows.iter().map(line).collect();
    if sums.iter().any(|sum| sum.counts.unpriced > 0) {
        text.push_str("unpriced: calls whose cost is not known, and which are not in cost_usd\n");
    }
    text
}

/// Names of models are made up by clients.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// A list, the total beside it. Money is text, so that nobody rounds it.
pub(super) fn json(by: &[By], sums: &[Sum]) -> String {
    let object = |sum: &Sum| {
        let names = by.iter().zip(&sum.names).map(|(by, name)| (by.as_str().to_owned(), json!(name)));
        let counts = NUMBERS.iter().zip(counts(&sum.counts)).map(|(name, count)| ((*name).to_owned(), json!(count)));
        let mut object: Map<String, Value> = names.chain(counts).collect();
        object.insert("cost_usd".to_owned(), json!(sum.counts.cost.to_string()));
        Value::Object(object)
    };
    let rows: Vec<Value> = sums.iter().map(object).collect();
    format!("{:#}\n", json!({ "usage": rows, "total": object(&total(sums)) }))
}

/// By RFC 4180; a name that a spreadsheet would calculate is text.
pub(super) fn csv(by: &[By], sums: &[Sum]) -> String {
    let header = by.iter().map(|by| by.as_str().to_owned()).chain(NUMBERS.map(str::to_owned));
    let mut text = header.collect::<Vec<_>>().join(",") + "\r\n";
    for sum in sums {
        let cells = sum.names.iter().map(|name| cell(name)).chain(numbers(&sum.counts));
        text.push_str(&(cells.collect::<Vec<_>>().join(",") + "\r\n"));
    }
    text
}

fn cell(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let name = if formula { format!("'{name}") } else { name.to_owned() };
    let quoted = name.contains([',', '"', '\n', '\r']);
    if quoted { format!("\"{}\"", name.replace('"', "\"\"")) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Usd;

    fn sum(name: &str, calls: i64, cost: &str) -> Sum {
        let cost = Usd::parse(cost).unwrap();
        let counts = Counts { calls, input: 1_000, output: 20, cost, ..Counts::default() };
        Sum { names: vec![name.to_owned()], counts }
    }

    #[test]
    fn a_table_has_columns_and_a_total() {
        let mut sums = [sum("smart", 2, "1.25"), sum("", 10, "0.000000001")];
        sums[1].counts.unpriced = 3;
        let expected = "\
model  calls  failed  input  output  cached  cache_write  reasoning  unpriced     cost_usd
smart      2       0   1000      20       0            0          0         0         1.25
-         10       0   1000      20       0            0          0         3  0.000000001
total     12       0   2000      40       0            0          0         3  1.250000001
unpriced: calls whose cost is not known, and which are not in cost_usd
";
        assert_eq!(text(&[By::Model], &sums), expected);
    }

    #[test]
    fn machines_are_told_exactly() {
        let sums = [sum("a,\"b\"", 1, "0.1"), sum("=1+1", 1, "0.2")];
        let expected = "model,calls,failed,input,output,cached,cache_write,reasoning,unpriced,cost_usd\r\n\
            \"a,\"\"b\"\"\",1,0,1000,20,0,0,0,0,0.1\r\n'=1+1,1,0,1000,20,0,0,0,0,0.2\r\n";
        assert_eq!(csv(&[By::Model], &sums), expected);
        let document: Value = serde_json::from_str(&json(&[By::Model], &sums)).unwrap();
        assert_eq!(document["usage"][0]["model"], "a,\"b\"");
        assert_eq!((&document["total"]["cost_usd"], &document["total"]["calls"]), (&json!("0.3"), &json!(2)));
    }
}
