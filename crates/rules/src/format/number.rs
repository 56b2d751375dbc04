//! Numbers, amounts, places and the few words that stand for a number.

use super::{FormatFault, all_digits, without};

pub(super) fn integer(value: &str) -> Result<String, FormatFault> {
    let plain = without(value, &[',', ' ']);
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if !all_digits(digits) {
        return Err(FormatFault::NotNumber);
    }
    let number: i64 = format!("{sign}{digits}").parse().map_err(|_| FormatFault::Range)?;
    Ok(number.to_string())
}

/// In completed years; nobody is known to have become older than 122.
pub(super) fn age(value: &str) -> Result<String, FormatFault> {
    let years = value.strip_suffix('岁').unwrap_or(value).trim();
    if !all_digits(years) {
        return Err(FormatFault::NotNumber);
    }
    match years.parse::<u32>() {
        Ok(years) if years <= 150 => Ok(years.to_string()),
        _ => Err(FormatFault::Range),
    }
}

/// GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated.
pub(super) fn gender(value: &str) -> Result<String, FormatFault> {
    let word = match value.to_lowercase().as_str() {
        "1" | "男" | "男性" | "m" | "male" => "male",
        "2" | "女" | "女性" | "f" | "female" => "female",
        "0" | "未知" | "未知的性别" | "unknown" => "unknown",
        "9" | "未说明" | "未说明的性别" | "保密" | "unspecified" => "unspecified",
        _ => return Err(FormatFault::UnknownWord),
    };
    Ok(word.to_owned())
}

pub(super) fn postal_code(value: &str) -> Result<String, FormatFault> {
    if !all_digits(value) {
        return Err(FormatFault::Character);
    }
    // No district begins with 9.
    match (value.len(), value.as_bytes().first()) {
        (6, Some(b'0'..=b'8')) => Ok(value.to_owned()),
        (6, _) => Err(FormatFault::Region),
        _ => Err(FormatFault::Length),
    }
}

/// `12.34`, `CNY 12.34`, `12.34元` or `USD 1,200`: kept as currency (ISO 4217), a space, and the amount.
pub(super) fn money(value: &str) -> Result<String, FormatFault> {
    let plain = without(value, &[',', ' ']);
    let upper = plain.to_ascii_uppercase();
    let rest = upper.strip_prefix(['¥', '￥']).or_else(|| upper.strip_suffix('元')).unwrap_or(&upper);
    let letters = |c: char| c.is_ascii_uppercase();
    let (currency, amount) = match (rest.find(|c| !letters(c)), rest.rfind(|c| !letters(c))) {
        (Some(3), _) => rest.split_at_checked(3).ok_or(FormatFault::Shape)?,
        (Some(0), Some(last)) if last + 4 == rest.len() => {
            let (amount, currency) = rest.split_at_checked(last + 1).ok_or(FormatFault::Shape)?;
            (currency, amount)
        }
        (Some(0), Some(last)) if last + 1 == rest.len() => ("CNY", rest),
        _ => return Err(FormatFault::Shape),
    };
    if amount.starts_with('-') {
        return Err(FormatFault::Range);
    }
    let (whole, cents) = decimal(amount, 4)?;
    if 15 < whole.len() {
        return Err(FormatFault::Range);
    }
    let point = if cents.is_empty() { "" } else { "." };
    // What people write is not what ISO 4217 has.
    let currency = if currency == "RMB" { "CNY" } else { currency };
    Ok(format!("{currency} {whole}{point}{cents}"))
}

/// The digits before and after the point, the first ones without zeroes in front.
fn decimal(value: &str, after_max: usize) -> Result<(String, String), FormatFault> {
    let (whole, after) = value.split_once('.').unwrap_or((value, "0"));
    if !all_digits(whole) || !all_digits(after) {
        return Err(FormatFault::NotNumber);
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let after = if value.contains('.') { after } else { "" };
    if after_max < after.len() {
        return Err(FormatFault::Range);
    }
    Ok((whole.to_owned(), after.to_owned()))
}

/// Latitude and longitude in degrees (ISO 6709 order), at most eight digits after the point.
pub(super) fn coordinates(value: &str) -> Result<String, FormatFault> {
    let (latitude, longitude) = value.split_once([',', ' ', ';']).ok_or(FormatFault::Shape)?;
    let (latitude, north) = degrees(latitude.trim())?;
    let (longitude, east) = degrees(longitude.trim())?;
    if 90.0 < north {
        return Err(if north <= 180.0 && east <= 90.0 { FormatFault::Swapped } else { FormatFault::Range });
    }
    if 180.0 < east {
        return Err(FormatFault::Range);
    }
    Ok(format!("{latitude},{longitude}"))
}

/// As it is kept, and how far from zero it is.
fn degrees(value: &str) -> Result<(String, f64), FormatFault> {
    let (sign, plain) = match value.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (whole, after) = decimal(plain, 8)?;
    let point = if after.is_empty() { "" } else { "." };
    let plain = format!("{whole}{point}{after}");
    let far: f64 = plain.parse().map_err(|_| FormatFault::NotNumber)?;
    // There is one zero.
    let sign = if far == 0.0 { "" } else { sign };
    Ok((format!("{sign}{plain}"), far))
}
