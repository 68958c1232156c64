//! `tympan import`

use tympan_core::import;
use tympan_core::import::Imported;

use crate::args::Import;
use crate::args::ImportFrom;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(crate) fn run(options: &Import) -> Exit {
    let Imported { yaml, kept, lost, mistakes } = match imported(options) {
        Ok(imported) => imported,
        Err(why) => {
            terminal::say(&why);
            return Exit::Usage;
        }
    };
    terminal::data(&yaml);
    for what in &kept {
        terminal::say(&format!("same      {what}"));
    }
    for what in &lost {
        terminal::say(&format!("not same  {what}"));
    }
    let Some(mistakes) = mistakes else { return Exit::Done };
    terminal::say(&mistakes);
    Exit::Problems
}

fn imported(options: &Import) -> Result<Imported, String> {
    let bytes = input::read(&options.file)?;
    let read = match options.from {
        ImportFrom::Moveworks => import::moveworks(&bytes),
        ImportFrom::Webhook => {
            let text = String::from_utf8(bytes).map_err(|error| error.to_string());
            text.and_then(|text| import::hooks(&text))
        }
    };
    read.map_err(|why| format!("error: {} cannot be imported: {why}", options.file.display()))
}
