//! What Kubernetes' reader makes of YAML, and that what is written is read by it as what it was.

use serde_json::{Value, json};

use super::{documents, read, write};

#[test]
fn plain_words_mean_what_they_mean_to_kubernetes() {
    let check = |word: &str, value: Value| assert_eq!(read(&format!("a: {word}")), Ok(json!({"a": value})), "{word}");
    for word in ["true", "True", "yes", "on", "ON", "y"] {
        check(word, true.into());
    }
    for word in ["false", "No", "off", "N"] {
        check(word, false.into());
    }
    for word in ["", "~", "null", "NULL"] {
        check(word, Value::Null);
    }
    for (word, number) in
        [("0644", 420), ("0o644", 420), ("0x1F90", 8080), ("0b11", 3), ("1_000", 1000), ("-1", -1), ("+7", 7), ("0", 0)]
    {
        check(word, number.into());
    }
    for (word, number) in [("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-2.", -2.0)] {
        check(word, number.into());
    }
    check("18446744073709551615", u64::MAX.into());
    check("-9223372036854775808", i64::MIN.into());
    for word in [
        "1Gi",
        "100m",
        "0x",
        "0xg",
        "08:00",
        "1.2.3",
        "127.0.0.1",
        "--yes",
        ".",
        "nan",
        "inf",
        "0o9",
        "1e",
        "e3",
        "-x",
        "0x-1",
        "_1",
    ] {
        check(word, word.into());
    }
    for quoted in ["'0644'", "\"yes\"", "!!str yes"] {
        assert!(read(&format!("a: {quoted}")).unwrap()["a"].is_string(), "{quoted}");
    }
    check("!!int \"7\"", 7.into());
    check("|\n  b\n  c\n", "b\nc\n".into());
}

#[test]
fn documents_are_parted_at_their_lines() {
    let check = |text: &str, expected: &[(usize, &str)]| assert_eq!(documents(text), expected, "{text:?}");
    check("", &[]);
    check("# nothing\n---\n", &[]);
    check("a: 1", &[(0, "a: 1")]);
    check("\u{feff}a: 1\n---\nb: 2\n", &[(0, "a: 1\n"), (1, "---\nb: 2\n")]);
    check("---\na: 1\n---\n# no\n--- # two\nb: |\n  ---\n", &[(0, "---\na: 1\n"), (4, "--- # two\nb: |\n  ---\n")]);
    check("a: 1\r\n---\r\nb: 2", &[(0, "a: 1\r\n"), (1, "---\r\nb: 2")]);
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let check = |text: &str, line: usize, about: &str| {
        let bad = read(text).expect_err(about);
        assert!(bad.line == line && bad.what.contains(about), "{text:.40}: {bad:?}");
    };
    check("a: [1", 2, "not YAML");
    check("a: 1\nb: 2\na: 3", 3, "`a` is there twice");
    check("a: !vault x", 1, "!vault");
    check("a:\n- &x [*x]", 2, "alias");
    check("? [a]\n: 1", 1, "a name");
    check("a: {<<: 1}", 1, "merges");
    check(&(0..150).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>(), 101, "deeper");
    let laughs = (1..40).fold("a0: &a0 [x]\n".to_owned(), |all, i| format!("{all}a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1));
    check(&laughs, 17, "more than");
}

#[test]
fn what_is_written_is_read_as_what_it_was() {
    let words = [
        "",
        " ",
        "a",
        "yes",
        "y",
        "N",
        "0644",
        "1_000",
        "1e3",
        "2001-01-01",
        "2001-12-14T21:59:43Z",
        "12:30:45",
        "~",
        "null",
        "<<",
        "=",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#",
        "'",
        "\"",
        "\\",
        "\t",
        "a\tb",
        "a\n",
        "\n",
        "a\n\n",
        "\na",
        "a\nb",
        " a\n b",
        "a\r\nb",
        "a\n \nb ",
        "---",
        "---\na",
        "...",
        "é\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "\u{1f600}",
        "%a",
        "@a",
        "`a",
        "!a",
        "&a",
        "*a",
        "[a]",
        "{a}",
        ",",
        "? a",
        "|",
        ">",
        "127.0.0.1",
        "::1",
        "+1",
        ".5",
        "0x1f",
        "0b1",
        "\u{fffe}x",
    ];
    for word in words {
        let value = json!({"a": word, word: [word, {"b": [word], word: {}}], "c": [[word], []]});
        let text = write(&value);
        assert_eq!(read(&text), Ok(value), "{word:?}:\n{text}");
    }
    let numbers = json!([0, -1, u64::MAX, i64::MIN, 1.5, 1e300, -1e-300, true, null, {}]);
    assert_eq!(read(&write(&numbers)), Ok(numbers));
}
