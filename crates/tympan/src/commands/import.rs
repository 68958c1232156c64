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
    let itself = options.file.to_str().filter(|text| text.trim_start().starts_with("curl "));
    let bytes = match itself.filter(|_| matches!(options.from, ImportFrom::Curl)) {
        Some(text) => text.as_bytes().to_vec(),
        None => input::read(&options.file)?,
    };
    let read = match options.from {
        ImportFrom::Moveworks => import::moveworks(&bytes),
        ImportFrom::Webhook | ImportFrom::Curl => {
            let import = match options.from {
                ImportFrom::Curl => import::curl,
                _ => import::hooks,
            };
            let text = String::from_utf8(bytes).map_err(|error| error.to_string());
            text.and_then(|text| import(&text))
        }
    };
    let shown = match itself {
        Some(_) => "the command line".to_owned(),
        None => options.file.display().to_string(),
    };
    read.map_err(|why| format!("error: {shown} cannot be imported: {why}"))
}
