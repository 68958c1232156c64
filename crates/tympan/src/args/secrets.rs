//! The command line of `tympan secrets`.

use std::time::Duration;

use super::Asked;
use super::Format;
use super::exit;

/// See and change the secrets that handshakes bring; values are never shown.
///
/// Works on a running server through its admin address, and on the state folder when none runs.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Secrets {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// List every secret: where it is found, what was captured, what is expected
    List {
        #[command(flatten)]
        asked: Asked,

        /// For people, or for programs
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Expect a secret for a while: the next handshakes that bring it are answered, and it is stored
    Arm {
        /// The secret
        name: String,

        /// For how long
        #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = time)]
        most: Duration,

        /// How many handshakes
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        count: u64,

        #[command(flatten)]
        asked: Asked,
    },
    /// Expect a secret no longer
    Disarm {
        /// The secret
        name: String,

        #[command(flatten)]
        asked: Asked,
    },
    /// Set a secret to what standard input holds, in the place of all its values
    ///
    /// One that is found in a file is written to that file, which only its owner can read then.
    Set {
        /// The secret
        name: String,

        #[command(flatten)]
        asked: Asked,
    },
    /// Add what standard input holds to a captured secret: the old values verify until they are forgotten
    Rotate {
        /// The secret
        name: String,

        #[command(flatten)]
        asked: Asked,
    },
    /// Forget a captured value: what is signed with it is refused from then on
    Forget {
        /// The secret
        name: String,

        /// The number of the value, as `list` shows it; all without it
        #[arg(long)]
        id: Option<u64>,

        #[command(flatten)]
        asked: Asked,
    },
}

/// `10m`, in whole seconds.
fn time(text: &str) -> Result<Duration, &'static str> {
    let expected = "a time is a number and a unit, such as 90s, 10m, 2h";
    let split = text.find(|character: char| !character.is_ascii_digit()).ok_or(expected)?;
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(expected),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::time;

    #[test]
    fn times() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("10m"), Ok(Duration::from_mins(10)));
        for wrong in ["", "10", "m", "0s", "-1s", "1w", "99999999999999999999d"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
