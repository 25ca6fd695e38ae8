//! The table: a row for each figure, with what is beside it and its bar.

/// What a figure is held to.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    /// So much of what is beside it, or more.
    RatioAtLeast(f64),
    /// The figure itself is no more than this.
    AtMost(f64),
}

/// The first line.
pub fn head() {
    println!(
        "{:<58} {:>9} {:>9} {:>6}  {:>9}",
        "", "here", "beside", "ratio", "bar"
    );
}

/// One figure, and what is beside it.
pub fn row(what: &str, here: f64, beside: Option<f64>, bar: Bar) {
    let (other, ratio) = match beside {
        Some(beside) => (number(beside), format!("{:.2}", here / beside)),
        None => Default::default(),
    };
    let (bar, holds) = match (bar, beside) {
        (Bar::RatioAtLeast(least), Some(beside)) => (format!("≥ {least}"), here / beside >= least),
        (Bar::RatioAtLeast(least), None) => (format!("≥ {least}"), false),
        (Bar::AtMost(most), _) => (format!("≤ {most}"), here <= most),
    };
    let verdict = if holds { "" } else { "  missed" };
    println!(
        "{what:<58} {:>9} {other:>9} {ratio:>6}  {bar:>9}{verdict}",
        number(here)
    );
}

/// More about the row above.
pub fn note(what: &str) {
    println!("    {what}");
}

fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// The median.
pub fn median(all: &mut [f64]) -> f64 {
    part(all, 50)
}

/// What so many of a hundred do not exceed.
pub fn part(all: &mut [f64], percent: usize) -> f64 {
    all.sort_by(f64::total_cmp);
    all[(all.len() * percent / 100).min(all.len() - 1)]
}

/// A number of bytes in MiB.
pub fn mib(bytes: u64) -> f64 {
    float(bytes) / 1_048_576.0
}

/// A count as a number to divide by.
pub fn float(count: u64) -> f64 {
    // What is counted here is below 2^53, which is exact.
    #[expect(clippy::cast_precision_loss, reason = "it is exact up to 2^53")]
    let float = count as f64;
    float
}
