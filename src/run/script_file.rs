//! Reading a script from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::hands::words;

/// A script is read by people: whatever is longer is none.
const LONGEST: u64 = 1 << 20;

/// Whether a script can be read from here while a person watches: nothing else happens in the meantime.
///
/// # Errors
/// Why it cannot, in plain words.
pub fn may_be_watched(path: &Path) -> Result<(), String> {
    if path.as_os_str() == "-" {
        return Err("the keyboard drives the script, so that it cannot come from standard input: name a file".to_owned());
    }
    match std::fs::metadata(path) {
        // A pipe may have nothing to say for ever.
        Ok(found) if !found.is_file() && !found.is_dir() => {
            Err("this is no file: save the script first".to_owned())
        }
        // What else is wrong is told when it is read.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The text of a script; `-` is standard input.
///
/// # Errors
/// Why it cannot be read, in plain words.
pub fn read(path: &Path) -> Result<String, String> {
    let read = if path.as_os_str() == "-" {
        bytes_of(io::stdin())
    } else {
        File::open(path).and_then(bytes_of)
    };
    text_of(read.map_err(|error| words(&error))?)
}

/// The text that the bytes of a file are.
///
/// # Errors
/// Why they cannot be a script, in plain words.
pub fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > LONGEST {
        return Err("this is longer than any script: at most 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "this is no text: it is not UTF-8".to_owned())
}

fn bytes_of(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
