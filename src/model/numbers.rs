//! Numbers as people read them.

/// `1,234,567`
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in at most seven cells: `17 B`, `1.2 kB`, `345 MB`; powers of 1,000.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut tenths = number / 100;
    let mut unit = 0;
    while tenths >= 10_000 {
        tenths /= 1_000;
        unit += 1;
    }
    let unit = UNITS[unit];
    if tenths < 1_000 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1_000, 10_737_418_240].map(grouped),
            ["0", "999", "1,000", "10,737,418,240"]
        );
        assert_eq!(
            [0, 999, 1_000, 1_234_567, 999_999_999, 10_737_418_240].map(bytes),
            ["0 B", "999 B", "1.0 kB", "1.2 MB", "999 MB", "10.7 GB"]
        );
    }
}
