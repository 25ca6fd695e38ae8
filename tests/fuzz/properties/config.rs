//! The config file.

use sockyard::run::config_file::{MOST_FAULTS, Sort, parse};

use super::assert_told;

/// The text of a file is read, and then every key has a value, or each thing that is wrong is named at its line, up to a
/// number, in the order of the lines.
pub fn config(text: &str) {
    match parse(text) {
        Ok(preset) => {
            let keys = preset.keys();
            assert!(keys.is_ok(), "{text:?}: {:?}", keys.err());
        }
        Err(faults) => {
            assert!((1..=MOST_FAULTS).contains(&faults.len()), "{text:?}");
            assert!(faults.is_sorted_by_key(|fault| fault.line));
            let lines = text.split('\n').count();
            for fault in faults {
                let line = fault.line.expect("a line: the text could be read");
                assert!((1..=lines).contains(&line), "{text:?}: {line}");
                assert_told(&fault.why, text.len());
            }
        }
    }
    // A value as a flag takes it is written so that the file says the same.
    if !text.chars().any(char::is_control) {
        let written = format!("bind = {}", Sort::String.written(text));
        let read = parse(&written).map(|preset| preset.keys().map(|keys| keys.addresses.bind));
        let is_host =
            !text.trim_matches(['[', ']']).is_empty() && !text.contains(char::is_whitespace);
        if let Ok(bind) = read {
            let bind = bind.expect("good values");
            assert!(text.contains(&bind), "{text:?}: {bind}");
        } else {
            assert!(!is_host, "{written}: {read:?}");
        }
    }
}
