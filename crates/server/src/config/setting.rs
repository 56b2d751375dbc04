//! What a setting can be, and how it is read from a value.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::Value;
use yinuo_domain::{Profile, Suite};

/// A type of setting.
pub(crate) trait Setting: Sized {
    /// What to write there.
    const KIND: &'static str;

    /// Reads it, or says what is wrong with it.
    fn read(value: &Value) -> Result<Self, String>;

    /// As it would be written; nothing when it is unset.
    fn written(&self) -> Option<Value>;

    /// The numbers in it, for whoever checks limits.
    fn numbers(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// A setting that is written as a text and parsed.
trait Word: Sized {
    const KIND: &'static str;
    fn parse(text: &str) -> Option<Self>;
    fn word(&self) -> String;
}

impl<T: Word> Setting for T {
    const KIND: &'static str = <T as Word>::KIND;

    fn read(value: &Value) -> Result<Self, String> {
        let parsed = value.as_str().and_then(T::parse);
        parsed.ok_or_else(|| wrong(value, <T as Word>::KIND))
    }

    fn written(&self) -> Option<Value> {
        Some(Value::String(self.word()))
    }
}

fn wrong(value: &Value, kind: &str) -> String {
    format!("{value} is not {kind}")
}

impl Word for String {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    fn word(&self) -> String {
        self.clone()
    }
}

impl Word for PathBuf {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.into())
    }

    fn word(&self) -> String {
        self.display().to_string()
    }
}

impl Word for SocketAddr {
    const KIND: &'static str = "an IP address with a port, such as \"127.0.0.1:8080\" or \"[::]:443\"";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn word(&self) -> String {
        self.to_string()
    }
}

impl Word for Suite {
    const KIND: &'static str = "\"guomi\" or \"international\"";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn word(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Word for Profile {
    const KIND: &'static str = "\"international\", \"guomi\" or \"dual\"";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn word(&self) -> String {
        self.as_str().to_owned()
    }
}

/// Who a platform, or an identity provider, is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Issuer(String);

impl Issuer {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host, port if it is not the scheme's own, perhaps a path.
    fn parts(text: &str) -> Option<(&str, &str, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some((scheme, authority, path))
    }

    /// Its path; empty when it has none.
    pub(crate) fn url_path(&self) -> &str {
        Self::parts(&self.0).map_or("", |(_, _, path)| path)
    }
}

impl Word for Issuer {
    const KIND: &'static str = "an address such as \"https://id.example\": https (http only for this machine \
                                itself), lower case, without user, query or a slash at the end";

    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority, path) = Self::parts(text)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let here = host == "localhost"
            || host == "[::1]"
            || host.parse::<core::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        let scheme_fits = scheme == "https" || (scheme == "http" && here);
        let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let host_fits = !host.is_empty()
            && host
                .bytes()
                .all(|byte| lower(byte) || b"-.".contains(&byte) || (bracketed && b"[]:".contains(&byte)));
        // The default port in the address would be another issuer to a client that leaves it out.
        let own = if scheme == "https" { "443" } else { "80" };
        let port_fits =
            port.is_none_or(|port| port != own && !port.starts_with('0') && port.parse::<u16>().is_ok());
        let path_fits = !text.ends_with('/')
            && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>".contains(&byte));
        (scheme_fits && host_fits && port_fits && path_fits).then(|| Self(text.to_owned()))
    }

    fn word(&self) -> String {
        self.0.clone()
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogForm {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl Word for LogForm {
    const KIND: &'static str = "\"text\" or \"json\"";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Json => "json".to_owned(),
        }
    }
}

impl Setting for bool {
    const KIND: &'static str = "true or false";

    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| wrong(value, <Self as Setting>::KIND))
    }

    fn written(&self) -> Option<Value> {
        Some(Value::Boolean(*self))
    }
}

impl Setting for u64 {
    const KIND: &'static str = "a whole number";

    fn read(value: &Value) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| Self::try_from(number).ok());
        number.ok_or_else(|| wrong(value, <Self as Setting>::KIND))
    }

    fn written(&self) -> Option<Value> {
        i64::try_from(*self).ok().map(Value::Integer)
    }

    fn numbers(&self) -> Vec<u64> {
        vec![*self]
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: &'static str = "a list, such as [\"…\", \"…\"] or [3, 2, 1]";

    fn read(value: &Value) -> Result<Self, String> {
        let list = value.as_array().ok_or_else(|| wrong(value, <Self as Setting>::KIND))?;
        list.iter().map(T::read).collect()
    }

    fn written(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(T::written).collect()))
    }

    fn numbers(&self) -> Vec<u64> {
        self.iter().flat_map(T::numbers).collect()
    }
}

impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = <T as Setting>::KIND;

    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    fn written(&self) -> Option<Value> {
        self.as_ref().and_then(T::written)
    }

    fn numbers(&self) -> Vec<u64> {
        self.as_ref().map(T::numbers).unwrap_or_default()
    }
}

/// Reads a variable of the environment: texts are taken as they are, everything else is written as in the file.
pub(crate) fn of_variable<T: Setting>(text: &str) -> Result<T, String> {
    let as_text = T::read(&Value::String(text.to_owned()));
    if as_text.is_ok() {
        return as_text;
    }
    let table: Option<toml::Table> = format!("value = {text}").parse().ok();
    match table.as_ref().filter(|table| table.len() == 1).and_then(|table| table.get("value")) {
        Some(value) => T::read(value),
        None => as_text,
    }
}
