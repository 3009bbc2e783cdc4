//! The `--config` file: a YAML map whose keys are long flags.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::flag::{Flag, Takes, switch};
use super::{Origin, Setting, nearest};

mod yaml;
use yaml::{Place, Value};

/// The flag that names the file; it can't be set in the file itself.
const CONFIG: &str = "config";

/// A settings file that can't be used. Every message begins with the file, and the place in it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// Not there, or not for us to read.
    #[error("{file}: cannot read the settings file that --config names: {source}")]
    Read {
        /// As given.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not YAML, not a map, or a key twice.
    #[error("{place}: {message}")]
    Syntax {
        /// file:line:column.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A key that is no flag.
    #[error("{place}: unknown key `{key}`; {hint}")]
    UnknownKey {
        /// file:line:column.
        place: String,
        /// As written.
        key: String,
        /// What was meant, or where to look.
        hint: String,
    },
    /// A value that is not of the kind the flag takes.
    #[error("{place}: `{key}` takes {wanted}, but this is {found}")]
    WrongType {
        /// file:line:column.
        place: String,
        /// As written.
        key: String,
        /// What there should be.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
}

/// The file to read, if one was asked for, by flag or by variable.
pub(super) fn path(typed: &ArgMatches, variables: &[Setting]) -> Option<PathBuf> {
    let given = typed.try_get_raw(CONFIG).ok().flatten();
    let by_flag = given
        .filter(|_| typed.value_source(CONFIG) == Some(ValueSource::CommandLine))
        .and_then(|mut values| values.next());
    let by_variable = || {
        let setting = variables.iter().find(|s| s.flag.long == CONFIG)?;
        setting.values.first().map(OsString::as_os_str)
    };
    by_flag.or_else(by_variable).map(PathBuf::from)
}

/// The settings in the file at `path`.
pub(super) fn read(path: &Path, flags: &[Flag]) -> Result<Vec<Setting>, ConfigFileError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&file, &text, flags),
        Err(source) => Err(ConfigFileError::Read { file, source }),
    }
}

/// The settings in `text`; `file` is for messages.
pub(super) fn parse(
    file: &str,
    text: &str,
    flags: &[Flag],
) -> Result<Vec<Setting>, ConfigFileError> {
    let at = |place: Place| format!("{file}:{place}");
    let entries = yaml::entries(text).map_err(|e| ConfigFileError::Syntax {
        place: e.place.map_or_else(|| file.to_owned(), at),
        message: e.message,
    })?;
    let mut settings = Vec::new();
    let mut seen = HashMap::new();
    for entry in entries {
        if let Some(first) = seen.insert(entry.key.clone(), entry.key_place) {
            let message = format!("the key `{}` is given twice, first at {first}", entry.key);
            return Err(ConfigFileError::Syntax {
                place: at(entry.key_place),
                message,
            });
        }
        let known = flags
            .iter()
            .find(|f| f.long == entry.key && f.long != CONFIG);
        let Some(flag) = known else {
            let hint = hint(&entry.key, flags);
            return Err(ConfigFileError::UnknownKey {
                place: at(entry.key_place),
                key: entry.key,
                hint,
            });
        };
        let values = values(flag, &entry.value).map_err(|wanted| ConfigFileError::WrongType {
            place: at(entry.value_place),
            key: entry.key.clone(),
            wanted,
            found: entry.value.kind(),
        })?;
        let origin = Origin::File(at(entry.value_place));
        settings.push(Setting {
            flag: flag.clone(),
            values,
            origin,
        });
    }
    Ok(settings)
}

fn hint(key: &str, flags: &[Flag]) -> String {
    if key == CONFIG {
        return "a settings file cannot name another one".to_owned();
    }
    let known = flags
        .iter()
        .map(|f| f.long.as_str())
        .filter(|long| *long != CONFIG);
    nearest(key, known).map_or_else(
        || "keys are the long flags that --help lists, without the dashes".to_owned(),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The value as flags take it; the error is what the flag wants.
fn values(flag: &Flag, value: &Value) -> Result<Vec<OsString>, &'static str> {
    match (flag.takes, value) {
        (Takes::Nothing, Value::Scalar(text)) => match switch(text) {
            Some(on) => Ok(vec![on.to_string().into()]),
            None => Err("true or false"),
        },
        (Takes::Nothing, _) => Err("true or false"),
        (Takes::One, Value::Scalar(text)) => Ok(vec![text.into()]),
        (Takes::One, _) => Err("one value"),
        (Takes::Many, Value::Scalar(text)) => Ok(vec![text.into()]),
        (Takes::Many, Value::List(items)) => Ok(items.iter().map(OsString::from).collect()),
        (Takes::Many, _) => Err("one value or a list of values"),
    }
}
