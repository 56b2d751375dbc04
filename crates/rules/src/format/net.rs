//! Addresses and identifiers of networks and devices.

use super::{FormatFault, without};

/// RFC 5321 §4.5.3.1 as far as it is used: a dot-string before the `@`, a host name after it. The domain is kept in
/// lower case (RFC 1035 §2.3.3); what stands before it is the mailbox's own business.
pub(super) fn email(value: &str) -> Result<String, FormatFault> {
    if !value.is_ascii() {
        return Err(FormatFault::InternationalEmail);
    }
    let (local, domain) = value.split_once('@').ok_or(FormatFault::NotEmail)?;
    if local.is_empty() || domain.is_empty() || domain.contains('@') {
        return Err(FormatFault::NotEmail);
    }
    if 64 < local.len() || 254 < value.len() {
        return Err(FormatFault::EmailLength);
    }
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    if !local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom)) {
        return Err(FormatFault::Character);
    }
    let domain = domain.to_ascii_lowercase();
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or("");
    let named = top.bytes().any(|byte| byte.is_ascii_alphabetic()) && 2 <= top.len();
    if !domain.contains('.') || !named || !domain.split('.').all(label) {
        return Err(FormatFault::EmailDomain);
    }
    Ok(format!("{local}@{domain}"))
}

/// Version 4 or 6, in its one spelling (RFC 5952).
pub(super) fn ip(value: &str) -> Result<String, FormatFault> {
    let address: core::net::IpAddr = value.parse().map_err(|_| FormatFault::Shape)?;
    Ok(address.to_string())
}

pub(super) fn mac(value: &str) -> Result<String, FormatFault> {
    let plain = without(value, &[':', '-', '.']).to_ascii_lowercase();
    let digits = hex_of(&plain, 12, 12)?;
    let pairs: Vec<&str> = (0..6).filter_map(|pair| digits.get(pair * 2..pair * 2 + 2)).collect();
    Ok(pairs.join(":"))
}

/// So many hexadecimal digits, in lower case.
pub(super) fn hex_of(value: &str, min: usize, max: usize) -> Result<String, FormatFault> {
    if !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(FormatFault::Character);
    }
    if !(min..=max).contains(&value.len()) {
        return Err(FormatFault::Length);
    }
    if value.bytes().all(|byte| byte == b'0') {
        return Err(FormatFault::Placeholder);
    }
    Ok(value.to_ascii_lowercase())
}

/// RFC 9562 §4: 8-4-4-4-12 hexadecimal digits. Braces are how some systems print it.
pub(super) fn uuid(value: &str) -> Result<String, FormatFault> {
    let plain = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(value);
    let groups: Vec<&str> = plain.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths != [8, 4, 4, 4, 12] {
        return Err(FormatFault::Shape);
    }
    hex_of(&groups.concat(), 32, 32)?;
    Ok(plain.to_ascii_lowercase())
}

/// All zeroes means that the person does not want to be tracked: then there is none to keep.
pub(super) fn idfa(value: &str) -> Result<String, FormatFault> {
    uuid(value).map(|uuid| uuid.to_ascii_uppercase())
}

/// Makers give a UUID or 16 to 64 hexadecimal digits.
pub(super) fn oaid(value: &str) -> Result<String, FormatFault> {
    uuid(value).or_else(|_| hex_of(value, 16, 64))
}
