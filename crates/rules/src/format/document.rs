//! Numbers of identity documents and of organisations.

use yinuo_domain::Timestamp;

use super::{FormatFault, all_digits, part, time, without};

/// Codes of provinces in GB/T 2260; 83 stands in the permits of residents from Taiwan.
const PROVINCES: &[&str] = &[
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    "83",
];

/// GB 11643: six digits of region, eight of birth, three in sequence, and a check character (ISO 7064 MOD 11-2).
pub(super) fn identity_number(value: &str, now: Timestamp) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-']).to_ascii_uppercase();
    if number.len() == 15 && all_digits(&number) {
        return Err(FormatFault::OldIdentityNumber);
    }
    if number.chars().count() != 18 {
        return Err(FormatFault::Length);
    }
    let (body, check) = (part(&number, 0, 17), part(&number, 17, 18));
    let (Some(body), Some(check)) = (body, check) else { return Err(FormatFault::Character) };
    if !all_digits(body) || !(all_digits(check) || check == "X") {
        return Err(FormatFault::Character);
    }
    // A foreigner with permanent residence has a 9, then the province that issued it.
    let province = if body.starts_with('9') { part(body, 1, 3) } else { part(body, 0, 2) };
    if !province.is_some_and(|province| PROVINCES.contains(&province)) {
        return Err(FormatFault::Region);
    }
    time::birth_of(part(body, 6, 14).unwrap_or(""), now)?;
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        body.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte.saturating_sub(b'0')) * weight).sum();
    let expected = "10X98765432".chars().nth((sum % 11) as usize);
    if check.chars().next() != expected {
        return Err(FormatFault::CheckDigit);
    }
    Ok(number)
}

/// ICAO 9303: at most nine letters and digits, in practice at least six. The passports of China (`E`, `G`, `D`, `S`,
/// `P` and digits, or two letters and seven digits) are among them.
pub(super) fn passport(value: &str) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-']).to_ascii_uppercase();
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(FormatFault::Character);
    }
    if !(6..=9).contains(&number.len()) {
        return Err(FormatFault::Length);
    }
    // A number has digits; a word is none.
    if number.bytes().filter(u8::is_ascii_digit).count() < 4 { Err(FormatFault::Shape) } else { Ok(number) }
}

/// Of what type a document is stands in another item, so any known form will do: an identity number, a passport, a
/// travel permit of Hong Kong, Macao or Taiwan, a certificate of the forces, or an organisation's credit code.
pub(super) fn any(value: &str, now: Timestamp) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-']).to_ascii_uppercase();
    let ascii = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match number.chars().count() {
        _ if !ascii => of_the_forces(&number),
        15 if all_digits(&number) => Err(FormatFault::OldIdentityNumber),
        18 => match identity_number(&number, now) {
            Err(fault) => credit_code(&number).map_err(|_| fault),
            found => found,
        },
        // Travel permits have a letter and eight or ten digits, or eight or ten digits.
        10 | 11 => {
            let digits = number.strip_prefix(['H', 'M']).unwrap_or(&number);
            if all_digits(digits) { Ok(number) } else { Err(FormatFault::Character) }
        }
        6..=9 => passport(&number),
        _ => Err(FormatFault::Length),
    }
}

/// `军字第1234567号` and its like.
fn of_the_forces(number: &str) -> Result<String, FormatFault> {
    let (service, rest) = number.split_once("字第").ok_or(FormatFault::Character)?;
    let digits = rest.strip_suffix('号').unwrap_or(rest);
    let service_fits = (1..=2).contains(&service.chars().count()) && service.chars().all(|c| !c.is_ascii());
    if service_fits && all_digits(digits) && (4..=8).contains(&digits.len()) {
        Ok(format!("{service}字第{digits}号"))
    } else {
        Err(FormatFault::Shape)
    }
}

/// GB 32100: eighteen characters of an alphabet of 31, the last one a check character.
pub(super) fn credit_code(value: &str) -> Result<String, FormatFault> {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let code = without(value, &[' ', '-']).to_ascii_uppercase();
    let digits: Option<Vec<usize>> = code.chars().map(|c| ALPHABET.find(c)).collect();
    let digits = digits.ok_or(FormatFault::Character)?;
    let Some((check, body)) = digits.split_last().filter(|(_, body)| body.len() == 17) else {
        return Err(FormatFault::Length);
    };
    let weights = std::iter::successors(Some(1usize), |weight| Some(weight * 3 % 31));
    let sum: usize = body.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    if (31 - sum % 31) % 31 == *check { Ok(code) } else { Err(FormatFault::CheckDigit) }
}
