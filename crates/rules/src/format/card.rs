//! Numbers with a Luhn check digit, and those beside them.

use super::{FormatFault, all_digits, part, without};

/// The check digit of ISO/IEC 7812-1 annex B, over all digits.
pub(super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            match place % 2 {
                0 => digit,
                _ if digit < 5 => digit * 2,
                _ => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Lengths by the issuer's first digits, as the card schemes publish them; others have 12 to 19 digits
/// (ISO/IEC 7812-1).
fn lengths(number: &str) -> &'static [usize] {
    let first = |len: usize| part(number, 0, len).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    match (first(2), first(3), first(4)) {
        (62, ..) => &[16, 17, 18, 19],
        (40..=49, ..) => &[13, 16, 19],
        (51..=55, ..) | (_, _, 2221..=2720) => &[16],
        (34 | 37, ..) => &[15],
        (_, _, 3528..=3589) => &[16, 17, 18, 19],
        (36 | 38 | 39, ..) | (_, 300..=305, _) => &[14, 15, 16, 17, 18, 19],
        _ => &[12, 13, 14, 15, 16, 17, 18, 19],
    }
}

pub(super) fn bank_card(value: &str) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-']);
    if !all_digits(&number) {
        return Err(FormatFault::Character);
    }
    if !(12..=19).contains(&number.len()) {
        return Err(FormatFault::Length);
    }
    if !lengths(&number).contains(&number.len()) {
        return Err(FormatFault::CardLength);
    }
    if !luhn(&number) {
        return Err(FormatFault::CheckDigit);
    }
    if number.bytes().all(|digit| digit == b'0') {
        return Err(FormatFault::Placeholder);
    }
    Ok(number)
}

/// 3GPP TS 23.003 §6.2.1: 14 digits and a check digit. The form with a software version has none and is refused.
pub(super) fn imei(value: &str) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-', '/']);
    if !all_digits(&number) {
        return Err(FormatFault::Character);
    }
    if number.len() != 15 {
        return Err(FormatFault::Length);
    }
    if !luhn(&number) {
        return Err(FormatFault::CheckDigit);
    }
    if number.bytes().all(|digit| digit == b'0') {
        return Err(FormatFault::Placeholder);
    }
    Ok(number)
}

/// ITU-T E.212: at most 15 digits, the first three a country. Networks use 14 or 15.
pub(super) fn imsi(value: &str) -> Result<String, FormatFault> {
    if !all_digits(value) {
        return Err(FormatFault::Character);
    }
    if !matches!(value.len(), 14 | 15) {
        return Err(FormatFault::Length);
    }
    match value.as_bytes().first() {
        // 0 is for tests, 1 and 8 are no zone.
        Some(b'2'..=b'7' | b'9') => Ok(value.to_owned()),
        _ => Err(FormatFault::Region),
    }
}
