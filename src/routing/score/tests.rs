//! Costs and shares of small tables.

use super::*;
use crate::health::Figure;

/// Dollars for a million tokens in and out, seconds to the first token, and tokens a second, all well known.
fn row(input: f32, output: f32, first_token: f32, speed: f32) -> Row {
    let known = |mean| Figure::new(mean, 20.0);
    Row {
        rates: Some(Rates { input: input / 1e6, cached: input / 1e7, output: output / 1e6, request: 0.0 }),
        figures: Figures {
            first_token: known(first_token),
            per_token: known(1.0 / speed),
            errors: Figure::new(0.0, 100.0),
            tool_faults: Figure::new(0.0, 100.0),
            limited: Figure::new(0.0, 100.0),
            ..Figures::default()
        },
        ready: true,
        ..Row::default()
    }
}

fn shares(mut rows: Vec<Row>) -> Vec<f32> {
    score(&mut rows, Estimate { input: Some(1_000.0), output_at_most: None }, &Scoring::default());
    let sum: f32 = rows.iter().map(|row| row.score.share).sum();
    rows.iter().map(|row| (row.score.share / sum * 100.0).round()).collect()
}

fn with(mut row: Row, change: impl FnOnce(&mut Row)) -> Row {
    change(&mut row);
    row
}

#[test]
fn the_cheapest_wins() {
    let shares = shares(vec![row(3.0, 15.0, 0.5, 50.0), row(1.0, 5.0, 0.5, 50.0), row(10.0, 30.0, 0.5, 50.0)]);
    assert!(shares[1] > 98.0, "{shares:?}");
}

#[test]
fn who_is_equal_shares_equally() {
    assert_eq!(shares(vec![row(1.0, 5.0, 0.5, 50.0); 4]), [25.0; 4]);
    assert_eq!(shares(vec![Row { ready: true, ..Row::default() }; 5]), [20.0; 5]);
}

#[test]
fn within_the_edge_is_shared_and_beyond_it_falls_steeply() {
    let at = |dearer: f32| shares(vec![row(1.0, 5.0, 0.1, 9e9), row(dearer, dearer * 5.0, 0.1, 9e9)])[1];
    assert!(at(1.02) > 45.0, "{}", at(1.02));
    assert!((20.0..40.0).contains(&at(1.21)), "{}", at(1.21));
    assert!(at(1.5) <= 1.0, "{}", at(1.5));
    assert!(at(5.0) <= 0.0, "{}", at(5.0));
}

#[test]
fn the_slow_the_unsound_and_the_limited_lose() {
    let good = row(0.1, 0.5, 0.5, 50.0);
    for (what, bad) in [
        ("a late first token", row(0.1, 0.5, 6.0, 50.0)),
        ("slow tokens", row(0.1, 0.5, 0.5, 8.0)),
        ("errors", with(good, |row| row.figures.errors = Figure::new(0.1, 100.0))),
        ("garbled tool calls", with(good, |row| row.figures.tool_faults = Figure::new(0.9, 100.0))),
    ] {
        let shares = shares(vec![good, bad]);
        assert!(shares[0] > 95.0, "{what}: {shares:?}");
    }
    let limited = with(good, |row| row.figures.limited = Figure::new(0.9, 100.0));
    let shares = shares(vec![good, limited]);
    assert!(shares[0] > shares[1], "{shares:?}");
}

#[test]
fn a_price_that_nobody_knows_is_that_of_the_others() {
    let unknown = with(row(1.0, 5.0, 0.5, 50.0), |row| row.rates = None);
    let mut rows = [row(1.0, 5.0, 0.5, 50.0), row(3.0, 15.0, 0.5, 50.0), unknown];
    score(&mut rows, Estimate::default(), &Scoring::default());
    let mean = (rows[0].score.price + rows[1].score.price) / 2.0;
    assert!((rows[2].score.price - mean).abs() < 1e-9 && !rows[2].score.priced);
    assert_eq!(shares(vec![unknown; 2]), [50.0; 2]);
}

#[test]
fn a_new_target_is_taken_to_be_like_its_equals_and_is_tried() {
    let new = with(row(1.0, 5.0, 0.5, 50.0), |row| row.figures = Figures::default());
    let mut rows = [row(1.0, 5.0, 2.0, 20.0), new];
    score(&mut rows, Estimate::default(), &Scoring::default());
    assert_eq!(rows[1].score.first_token, 2.0);
    assert!((rows[0].score.share - rows[1].score.share).abs() < 0.02);
}

#[test]
fn exploring_is_for_old_figures_of_who_could_win() {
    let fresh = row(1.0, 5.0, 0.5, 50.0);
    let slow = row(1.0, 5.0, 30.0, 5.0);
    let stale = with(slow, |row| {
        row.figures.first_token.weight = 0.3;
        row.figures.errors.weight = 0.3;
    });
    let dear = with(stale, |row| row.rates = self::row(50.0, 100.0, 0.1, 50.0).rates);
    let mut rows = [fresh, slow, stale, dear];
    score(&mut rows, Estimate::default(), &Scoring::default());
    let share = |index: usize| rows[index].score.share;
    assert!(share(1) < 0.002 && share(2) > 0.003 && share(3) < 1e-6, "{:?}", rows.map(|row| row.score.share));
}

#[test]
fn a_cold_prompt_costs_what_its_cache_would_have_saved() {
    let cost = |cache| {
        let mut rows = [with(row(3.0, 15.0, 0.5, 50.0), |row| row.cache = cache)];
        score(&mut rows, Estimate { input: Some(50_000.0), output_at_most: None }, &Scoring::default());
        rows[0].score.price
    };
    let saved = cost(Cache::Cold) - cost(Cache::Warm(50_000.0));
    assert!((saved - 50_000.0 * 2.7 / 1e6).abs() < 1e-4, "{saved}");
    assert_eq!(cost(Cache::Usual), cost(Cache::Cold));
}

#[test]
fn no_weights_and_no_figures_are_no_trouble() {
    let nothing = Scoring { first_token: 0.0, time: 0.0, edge: 0.0, explore: 0.0, ..Scoring::default() };
    let mut rows = [Row { ready: true, ..Row::default() }; 3];
    score(&mut rows, Estimate::default(), &nothing);
    assert!(rows.iter().all(|row| row.score.share.is_finite() && row.score.share > 0.0));
    score(&mut [], Estimate::default(), &nothing);
    let mut none_ready = [Row::default(); 2];
    score(&mut none_ready, Estimate::default(), &nothing);
    assert!(none_ready.iter().all(|row| row.score.share == 0.0 && row.score.cost > 0.0));
}
