//! Whom a route is for, and what becomes of them.

use super::*;

fn when(change: impl FnOnce(&mut When)) -> When {
    let mut when = When::default();
    change(&mut when);
    when
}

#[test]
fn all_that_is_said_has_to_hold() {
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text)).collect::<Vec<_>>();
    let mut headers = HeaderMap::new();
    headers.insert("x-team", "research".parse().unwrap());
    let call = Traits {
        host: Some("api.openai.com"),
        stream: true,
        caller: Some("checkout"),
        inside: Some(Inside { tools: true, images: false, tokens: 5_000, conversation: 1 }),
        minute: 4 * 24 * 60 + 23 * 60, // Friday, 23:00
        ..Traits::sample("gpt-4o", &headers)
    };
    let team = |value: &str| vec![(HeaderName::from_static("x-team"), patterns(&[value]))];
    for (what, when, expected) in [
        ("nothing", when(|_| ()), true),
        ("model", when(|w| w.models = patterns(&["claude*", "gpt-4*"])), true),
        ("other model", when(|w| w.models = patterns(&["claude*"])), false),
        ("dialect", when(|w| w.dialects = vec![Dialect::OpenAiChat]), true),
        ("other dialect", when(|w| w.dialects = vec![Dialect::Gemini]), false),
        ("host", when(|w| w.hosts = patterns(&["*.openai.com"])), true),
        ("other host", when(|w| w.hosts = patterns(&["api.anthropic.com"])), false),
        ("path", when(|w| w.paths = patterns(&["*/completions"])), true),
        ("other path", when(|w| w.paths = patterns(&["*/messages"])), false),
        ("header", when(|w| w.headers = team("res*")), true),
        ("other header", when(|w| w.headers = team("ops")), false),
        ("stream", when(|w| w.stream = Some(true)), true),
        ("no stream", when(|w| w.stream = Some(false)), false),
        ("tools", when(|w| w.tools = Some(true)), true),
        ("no tools", when(|w| w.tools = Some(false)), false),
        ("images", when(|w| w.images = Some(true)), false),
        ("tokens", when(|w| w.tokens = vec![5_000..=u64::MAX, 0..=5_000]), true),
        ("more tokens", when(|w| w.tokens = vec![5_001..=u64::MAX]), false),
        ("by night", when(|w| w.times = vec![hours((0, 4), 22, 6)]), true),
        ("by day", when(|w| w.times = vec![hours((0, 6), 6, 22)]), false),
        ("or at weekends", when(|w| w.times = vec![hours((0, 6), 6, 22), hours((5, 6), 0, 24)]), false),
        ("caller", when(|w| w.callers = patterns(&["check*"])), true),
        ("other caller", when(|w| w.callers = patterns(&["research"])), false),
        (
            "one of two",
            when(|w| {
                w.models = patterns(&["gpt-4*"]);
                w.stream = Some(false);
            }),
            false,
        ),
    ] {
        assert_eq!(when.fits(&call), expected, "{what}");
    }
}

#[test]
fn the_first_route_counts_and_origin_only_for_who_has_one() {
    let of = |then| Route { name: "r".into(), when: When::default(), then, terms: None };
    let deny = |text: &str| of(Then::Deny(text.into()));
    let routes: Routes = [of(Then::Origin), deny("no"), deny("never")].into_iter().collect();
    let headers = HeaderMap::new();
    let mut call = Traits::sample("m", &headers);
    assert!(matches!(then(&routes, &call), Some(Then::Deny(text)) if &**text == "no"));
    call.host = Some("h");
    assert!(matches!(then(&routes, &call), Some(Then::Origin)));
    assert!(Routes::default().route(&call).is_none());
    let unread = When { tools: Some(false), ..When::default() };
    assert!(!unread.fits(&call), "what cannot be read is not known to be without tools");
}

fn then<'r>(routes: &'r Routes, call: &Traits<'_>) -> Option<&'r Then> {
    routes.route(call).map(|route| &route.then)
}

fn hours(days: (u8, u8), from: u16, to: u16) -> Hours {
    Hours { days, minutes: (from * 60, to * 60) }
}

#[test]
fn hours_may_reach_into_the_next_day_and_days_into_the_next_week() {
    let at = |day: u32, hour: u32| day * 24 * 60 + hour * 60;
    let friday_night = hours((4, 4), 22, 6);
    for (hours, minute, expected) in [
        (hours((0, 6), 9, 17), at(6, 9), true),
        (hours((0, 6), 9, 17), at(6, 17), false),
        (friday_night, at(4, 23), true),
        (friday_night, at(5, 5), true),
        (friday_night, at(4, 5), false),
        (hours((4, 0), 0, 24), at(0, 12), true),
        (hours((4, 0), 0, 24), at(2, 12), false),
        (hours((6, 6), 22, 6), at(0, 5), true),
    ] {
        assert_eq!(hours.contain(minute), expected, "{hours:?} at {minute}");
    }
}

#[test]
fn shares_are_kept_over_many_conversations() {
    let shares: Vec<(Arc<str>, u32)> = vec![("a".into(), 95), ("b".into(), 5)];
    let of_b = (0..10_000u64).filter(|n| &**share(&shares, n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) == "b").count();
    assert!((400..600).contains(&of_b), "{of_b}");
    assert_eq!(share(&shares, 7), share(&shares, 7));
}

#[test]
fn whole_names_and_patterns_keep_their_order() {
    let of = |model: &str, text: &str| Route {
        name: "r".into(),
        when: when(|when| when.models = model.split(' ').filter(|name| !name.is_empty()).map(Pattern::new).collect()),
        then: Then::Deny(text.into()),
        terms: None,
    };
    let routes: Routes =
        [of("GPT-5 o1", "1"), of("gpt-*", "2"), of("gpt-4", "3"), of("", "4"), of("x", "5")].into_iter().collect();
    let headers = HeaderMap::new();
    for (model, expected) in [("gpt-5", "1"), ("O1", "1"), ("Gpt-4", "2"), ("gpt-", "2"), ("x", "4"), ("gp", "4")] {
        let call = Traits::sample(model, &headers);
        assert!(matches!(then(&routes, &call), Some(Then::Deny(text)) if &**text == expected), "{model}");
    }
}
