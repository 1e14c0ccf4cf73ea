//! Reading variables, and collecting what is wrong with them.

use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;

/// One thing wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub variable: &'static str,
    pub message: String,
}

/// Everything that is wrong, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration has faults:")?;
        for fault in &self.0 {
            write!(f, "\n  {}: {}", fault.variable, fault.message)?;
        }
        Ok(())
    }
}

/// One variable of the process's environment; an empty one counts as not set.
#[expect(clippy::disallowed_methods, reason = "this is the place the ban points to")]
pub fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Gives the value of a variable, where it is set.
type Lookup<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// A source of variables, and the faults found in it so far.
pub struct Settings<'a> {
    lookup: Lookup<'a>,
    faults: Vec<Fault>,
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl<'a> Settings<'a> {
    /// Reads settings with `lookup`, by name; `None`: it is not set.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { lookup: Box::new(lookup), faults: Vec::new() }
    }

    /// The settings of this process.
    pub fn from_environment() -> Self {
        Self::new(from_environment)
    }

    pub(super) fn fault(&mut self, variable: &'static str, message: impl Into<String>) {
        self.faults.push(Fault { variable, message: message.into() });
    }

    pub(super) fn optional(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&mut self, variable: &'static str, what: &str) -> String {
        self.optional(variable).unwrap_or_else(|| {
            self.fault(variable, format!("is not set; it is {what}"));
            String::new()
        })
    }

    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, variable: &'static str, default: T) -> T {
        match self.optional(variable).map(|value| value.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                self.fault(variable, error.to_string());
                default
            }
        }
    }

    pub(super) fn parsed_if_set<T: FromStr<Err: fmt::Display>>(&mut self, variable: &'static str) -> Option<T> {
        match self.optional(variable)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(variable, error.to_string());
                None
            }
        }
    }

    pub(super) fn list(&self, variable: &str) -> Vec<String> {
        let text = self.optional(variable).unwrap_or_default();
        text.split([',', ' ']).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// A secret of at least 16 characters. The fault never holds the value.
    pub(super) fn checked_secret(&mut self, variable: &'static str, value: String) -> SecretString {
        if !value.is_empty() && value.chars().count() < 16 {
            self.fault(variable, "is too short: at least 16 characters, better 32 random ones");
        }
        SecretString::from(value)
    }

    /// A URL of one of `schemes`, without a slash at the end.
    pub(super) fn checked_url(&mut self, variable: &'static str, value: &str, schemes: &[&str]) -> String {
        match url::Url::parse(value) {
            Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => {}
            _ if value.is_empty() => {}
            _ => self.fault(variable, format!("is no URL that begins with {}://", schemes.join(":// or "))),
        }
        value.trim_end_matches('/').to_owned()
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(value) } else { Err(Faults(self.faults)) }
    }
}
