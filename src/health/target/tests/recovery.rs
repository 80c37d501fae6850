//! Rests that it asked for, addresses that fail alone, and the way back after an outage.

use super::*;

#[test]
fn one_address_of_several_says_nothing_about_the_target() {
    let (target, now) = target();
    let refused = || Fault { one_address: true, ..Fault::new(Connect, "refused") };
    (0..50).for_each(|_| target.start(now).fault(now, &refused()));
    assert_eq!(state(&target), "closed");
    let (target, now) = on_trial();
    target.start(now).fault(now, &refused());
    assert!(matches!(target.standing(now), Standing::Trial { .. }), "the trial's permit came back");
}

#[test]
fn after_an_outage_it_gets_its_share_by_degrees() {
    let (fresh, now) = target();
    assert_eq!(fresh.warmth(now), 1.0);
    let (target, now) = on_trial();
    target.start(now).answered(now, SECOND);
    for (seconds, expected) in [(0, 0.1), (1, 0.1), (6, 0.4), (15, 1.0), (999, 1.0)] {
        let warmth = target.warmth(now + seconds * SECOND);
        assert!((warmth - expected).abs() < 0.001, "{warmth} after {seconds} s");
    }
}

#[test]
fn it_is_left_alone_as_long_as_it_asked() {
    let (target, now) = target();
    assert_eq!(target.resting(now), None);
    target.rest(now + 5 * SECOND);
    target.rest(now + 2 * SECOND);
    assert_eq!(target.resting(now + 2 * SECOND).map(|left| left.as_secs_f64().round()), Some(3.0));
    assert_eq!(target.resting(now + 5 * SECOND), None);
}
