//! What a value must look like, and the one spelling in which it is kept.
//!
//! One [`ValueFormat`] for each format of the catalogue, and for items whose form is public but not in the catalogue
//! file: that table stands here, in code, because the file's hash is what a running log has in force. A value is
//! normalised (`+86 154-0000-0001` and `15400000001` are one number), so that one thing has one blind index; checking
//! what was normalised changes nothing more.
//!
//! A fault says what is wrong and how to mend it, in both languages, and never repeats the value.
//!
//! Not here: whether a number was ever given out, or is this person's. Only its form can be checked.

mod card;
mod document;
mod fault;
mod net;
mod number;
mod phone;
mod time;
mod vehicle;

use std::fmt;

use yinuo_domain::Timestamp;

use crate::{Format, ItemEntry};

pub use fault::FormatFault;
pub use time::moment;

/// The longest value that is looked at, in bytes: what the vault seals at most.
pub const VALUE_LEN_MAX: usize = 64 * 1024;

/// A value in the one spelling in which it is kept. It prints as `[secret]`.
#[derive(Clone, Eq, PartialEq)]
pub struct Normalised(String);

impl Normalised {
    /// The text, for sealing and for the blind index.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Normalised[secret]")
    }
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ValueFormat {
    /// Any text without control characters.
    Text,
    /// A day.
    Date,
    /// A day on which somebody alive may have been born.
    BirthDate,
    /// A day and a time of day.
    DateTime,
    /// A whole number.
    Integer,
    /// An age in years.
    Age,
    /// A gender, by word or by its code in GB/T 2261.1.
    Gender,
    /// An amount and its currency.
    Money,
    /// A mobile number of mainland China.
    MobileCn,
    /// Any phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A citizen's identity number (GB 11643).
    IdentityNumber,
    /// A passport's number.
    Passport,
    /// The number of an identity document whose type stands elsewhere: any known form.
    IdDocument,
    /// A unified social credit code (GB 32100).
    CreditCode,
    /// A bank card number.
    BankCard,
    /// A postal code of mainland China.
    PostalCode,
    /// A licence plate of mainland China.
    PlateCn,
    /// A vehicle identification number (ISO 3779).
    Vin,
    /// An IP address.
    Ip,
    /// A MAC address.
    Mac,
    /// An equipment identity of mobile networks.
    Imei,
    /// A subscriber identity of mobile networks.
    Imsi,
    /// A UUID (RFC 9562), in lower case.
    Uuid,
    /// Apple's advertising identifier, a UUID in upper case.
    Idfa,
    /// The open anonymous device identifier, whose form depends on the maker.
    Oaid,
    /// An Android ID.
    AndroidId,
    /// An OpenUDID.
    OpenUdid,
    /// Latitude and longitude.
    Coordinates,
}

/// Items whose form is narrower than the catalogue's format, or public without one.
const BY_ID: &[(&str, ValueFormat)] = &[
    ("birth_date", ValueFormat::BirthDate),
    ("age", ValueFormat::Age),
    ("gender", ValueFormat::Gender),
    ("passport", ValueFormat::Passport),
    ("android_id", ValueFormat::AndroidId),
    ("idfa", ValueFormat::Idfa),
    ("openudid", ValueFormat::OpenUdid),
    ("guid", ValueFormat::Uuid),
    ("oaid", ValueFormat::Oaid),
];

/// Items by whose value a person can be found. Few: each is one more thing that must be erased with the account.
const SEARCHABLE: &[&str] =
    &["phone_number", "contact_phone", "email_address", "id_number", "bank_card_number"];

impl ItemEntry {
    /// What a value of this item must look like.
    pub fn value_format(&self) -> ValueFormat {
        let narrower = BY_ID.iter().find(|(id, _)| *id == self.id).map(|(_, format)| *format);
        narrower.unwrap_or_else(|| self.format.map_or(ValueFormat::Text, ValueFormat::from))
    }

    /// Whether a person can be found by a value of this item.
    pub fn searchable(&self) -> bool {
        SEARCHABLE.contains(&self.id.as_str())
    }
}

impl From<Format> for ValueFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Date => Self::Date,
            Format::DateTime => Self::DateTime,
            Format::Integer => Self::Integer,
            Format::Money => Self::Money,
            Format::MobileCn => Self::MobileCn,
            Format::Phone => Self::Phone,
            Format::Email => Self::Email,
            Format::IdDocument => Self::IdDocument,
            Format::BankCard => Self::BankCard,
            Format::PlateCn => Self::PlateCn,
            Format::Vin => Self::Vin,
            Format::Ip => Self::Ip,
            Format::Mac => Self::Mac,
            Format::Imei => Self::Imei,
            Format::Imsi => Self::Imsi,
            Format::Coordinates => Self::Coordinates,
        }
    }
}

impl ValueFormat {
    /// Every one.
    pub const EVERY: &'static [Self] = &[
        Self::Text,
        Self::Date,
        Self::BirthDate,
        Self::DateTime,
        Self::Integer,
        Self::Age,
        Self::Gender,
        Self::Money,
        Self::MobileCn,
        Self::Phone,
        Self::Email,
        Self::IdentityNumber,
        Self::Passport,
        Self::IdDocument,
        Self::CreditCode,
        Self::BankCard,
        Self::PostalCode,
        Self::PlateCn,
        Self::Vin,
        Self::Ip,
        Self::Mac,
        Self::Imei,
        Self::Imsi,
        Self::Uuid,
        Self::Idfa,
        Self::Oaid,
        Self::AndroidId,
        Self::OpenUdid,
        Self::Coordinates,
    ];

    /// The value as it is kept, or what is wrong with it. `now` is what no birth may be after.
    pub fn check(self, value: &str, now: Timestamp) -> Result<Normalised, FormatFault> {
        if VALUE_LEN_MAX < value.len() {
            return Err(FormatFault::TooLong);
        }
        let value = value.trim();
        if value.is_empty() {
            return Err(FormatFault::Empty);
        }
        let kept = match self {
            Self::Text => return text(value).map(Normalised),
            _ => folded(value)?,
        };
        let kept = kept.as_str();
        match self {
            Self::Text => text(kept),
            Self::Date => time::date(kept),
            Self::BirthDate => time::birth_date(kept, now),
            Self::DateTime => time::date_time(kept),
            Self::Integer => number::integer(kept),
            Self::Age => number::age(kept),
            Self::Gender => number::gender(kept),
            Self::Money => number::money(kept),
            Self::MobileCn => phone::mobile_cn(kept),
            Self::Phone => phone::phone(kept),
            Self::Email => net::email(kept),
            Self::IdentityNumber => document::identity_number(kept, now),
            Self::Passport => document::passport(kept),
            Self::IdDocument => document::any(kept, now),
            Self::CreditCode => document::credit_code(kept),
            Self::BankCard => card::bank_card(kept),
            Self::PostalCode => number::postal_code(kept),
            Self::PlateCn => vehicle::plate_cn(kept),
            Self::Vin => vehicle::vin(kept),
            Self::Ip => net::ip(kept),
            Self::Mac => net::mac(kept),
            Self::Imei => card::imei(kept),
            Self::Imsi => card::imsi(kept),
            Self::Uuid => net::uuid(kept),
            Self::Idfa => net::idfa(kept),
            Self::Oaid => net::oaid(kept),
            Self::AndroidId => net::hex_of(kept, 14, 16),
            Self::OpenUdid => net::hex_of(kept, 40, 40),
            Self::Coordinates => number::coordinates(kept),
        }
        .map(Normalised)
    }
}

/// Any text: tabs and line ends are the only control characters it may have.
fn text(value: &str) -> Result<String, FormatFault> {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(FormatFault::ControlCharacter);
    }
    Ok(value.to_owned())
}

/// What is typed with a Chinese keyboard becomes ASCII: full-width letters, digits, signs and spaces. None of the
/// formats is longer than an address.
fn folded(value: &str) -> Result<String, FormatFault> {
    const LEN_MAX: usize = 1024;
    if LEN_MAX < value.len() {
        return Err(FormatFault::Shape);
    }
    let fold = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    };
    let folded: String = value.chars().map(fold).collect();
    Ok(folded.trim().to_owned())
}

/// The characters of `value` that are not in `ignored`.
fn without(value: &str, ignored: &[char]) -> String {
    value.chars().filter(|c| !ignored.contains(c)).collect()
}

fn all_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The part of an ASCII text between two places.
fn part(value: &str, from: usize, to: usize) -> Option<&str> {
    value.get(from..to)
}

#[cfg(test)]
mod tests;
