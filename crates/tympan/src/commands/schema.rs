//! `tympan schema`

use std::fs;

use crate::args::Schema;
use crate::exit::Exit;
use crate::terminal;

pub(crate) fn run(options: &Schema) -> Exit {
    let schema = format!("{:#}\n", tympan_core::schema::schema());
    let Some(output) = &options.output else {
        terminal::data(&schema);
        return Exit::Done;
    };
    match fs::write(output, schema) {
        Ok(()) => Exit::Done,
        Err(error) => {
            terminal::say(&format!("error: {} cannot be written: {error}", output.display()));
            Exit::Problems
        }
    }
}
