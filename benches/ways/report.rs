//! What rounds have in common.

/// Of so many rounds.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Round by round: the median, the least and the most of one against the other.
pub fn ratios(ours: &[f64], theirs: &[f64]) -> String {
    let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    format!("{:.2} | {:.2} | {:.2}", ratios[ratios.len() / 2], ratios[0], ratios[ratios.len() - 1])
}
