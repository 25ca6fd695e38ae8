//! How a list that is kept in order is scrolled and selected in: sessions, connections, peers.

use std::collections::BTreeMap;

use super::bytes::Motion;

/// Where `motion` leads from `at` in a window of `page` rows; none for the end of the list.
#[must_use]
pub fn moved<K: Ord + Copy, V>(
    all: &BTreeMap<K, V>,
    at: K,
    motion: Motion,
    page: usize,
) -> Option<K> {
    match (motion.rows(page), motion.is_back()) {
        (None, true) => all.keys().next().copied(),
        (None, false) => None,
        (Some(rows), true) => (all.range(..=at).rev().take(rows + 1).last()).map(|(key, _)| *key),
        (Some(rows), false) => (all.range(at..).take(rows + 1).last()).map(|(key, _)| *key),
    }
}

/// The rows of a window of `page` rows that begins with `top` where that is possible: `selected` is always among them,
/// and without one the last ones are shown.
#[must_use]
pub fn window<K: Ord + Copy, V>(
    all: &BTreeMap<K, V>,
    selected: Option<K>,
    top: Option<K>,
    page: usize,
) -> Vec<(K, &V)> {
    let ending_at = |last: Option<K>| {
        let before = all.iter().rev();
        let mut rows: Vec<(K, &V)> = before
            .map(|(key, value)| (*key, value))
            .skip_while(|(key, _)| last.is_some_and(|last| *key > last))
            .take(page)
            .collect();
        rows.reverse();
        rows
    };
    let Some(selected) = selected else {
        return ending_at(None);
    };
    let top = top.unwrap_or(selected).min(selected);
    let from = all.range(top..).take(page);
    let rows: Vec<(K, &V)> = from.map(|(key, value)| (*key, value)).collect();
    match rows.last() {
        Some((last, _)) if *last < selected => ending_at(Some(selected)),
        // Near the end the window is filled from above.
        _ if rows.len() < page => ending_at(None),
        _ => rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(all: &BTreeMap<u8, char>, selected: Option<u8>, top: Option<u8>) -> Vec<u8> {
        let rows = window(all, selected, top, 3);
        rows.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_selected_row_is_always_seen() {
        let all: BTreeMap<u8, char> = (1..=9).map(|key| (key, 'x')).collect();
        assert_eq!(shown(&all, None, Some(1)), [7, 8, 9], "the newest");
        assert_eq!(shown(&all, Some(3), Some(2)), [2, 3, 4], "as it stood");
        assert_eq!(shown(&all, Some(6), Some(2)), [4, 5, 6], "it has moved on");
        assert_eq!(
            shown(&all, Some(1), Some(5)),
            [1, 2, 3],
            "it has moved back"
        );
        assert_eq!(shown(&all, Some(9), Some(9)), [7, 8, 9], "no row is wasted");
        assert_eq!(shown(&all, Some(5), None), [5, 6, 7]);
        assert!(shown(&BTreeMap::new(), Some(5), None).is_empty());
    }

    #[test]
    fn motions_lead_to_a_row_or_to_the_end() {
        let all: BTreeMap<u8, char> = (1..=9).map(|key| (key, 'x')).collect();
        let from = |motion| moved(&all, 5, motion, 3);
        assert_eq!(from(Motion::Up), Some(4));
        assert_eq!(from(Motion::PageDown), Some(7));
        assert_eq!(from(Motion::Top), Some(1));
        assert_eq!(from(Motion::Bottom), None);
        assert_eq!(moved(&all, 9, Motion::Down, 3), Some(9));
    }
}
