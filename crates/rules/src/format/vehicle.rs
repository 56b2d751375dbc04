//! Licence plates and vehicle identification numbers.

use super::{FormatFault, without};

/// Every province's short name on a plate.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// The letters that tell a vehicle of new energy (GA 36-2018).
const NEW_ENERGY: &str = "ABCDEFGHJK";
/// What may stand last instead of a letter or digit: trailers, learners, police, Hong Kong, Macao.
const LAST: &str = "挂学警港澳";

/// GA 36: a province, a letter and five characters, or six on a plate of new energy; embassies have `使` and six digits.
pub(super) fn plate_cn(value: &str) -> Result<String, FormatFault> {
    let plain = without(value, &[' ', '-', '·', '•', '.']).to_ascii_uppercase();
    let mut chars = plain.chars();
    let (Some(province), rest) = (chars.next(), chars.as_str()) else { return Err(FormatFault::Length) };
    if province == '使' {
        let digits = rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit());
        return if digits { Ok(plain) } else { Err(FormatFault::Shape) };
    }
    let serial: Vec<char> = rest.chars().skip(1).collect();
    let letter = |c: char| c.is_ascii_uppercase() && !matches!(c, 'I' | 'O');
    if !PROVINCES.contains(province) || !rest.chars().next().is_some_and(|c| c.is_ascii_uppercase()) {
        return Err(FormatFault::PlatePlace);
    }
    let plain_char = |c: &char| letter(*c) || c.is_ascii_digit();
    match serial.as_slice() {
        [body @ .., last] if body.len() == 4 => {
            let fits = body.iter().all(plain_char) && (plain_char(last) || LAST.contains(*last));
            if fits { Ok(plain) } else { Err(FormatFault::Character) }
        }
        [first, second, middle @ .., last] if middle.len() == 3 => {
            let digits = |chars: &[char]| chars.iter().all(char::is_ascii_digit);
            let small =
                NEW_ENERGY.contains(*first) && plain_char(second) && digits(middle) && last.is_ascii_digit();
            let large = first.is_ascii_digit()
                && second.is_ascii_digit()
                && digits(middle)
                && NEW_ENERGY.contains(*last);
            if small || large { Ok(plain) } else { Err(FormatFault::Character) }
        }
        _ => Err(FormatFault::Length),
    }
}

/// ISO 3779: seventeen characters without I, O and Q. The standard has no check digit; it is required where vehicles
/// are made in China (GB 16735) or North America (49 CFR 565), so it is checked for these and not for others.
pub(super) fn vin(value: &str) -> Result<String, FormatFault> {
    let number = without(value, &[' ', '-']).to_ascii_uppercase();
    let worth: Option<Vec<u32>> = number.chars().map(vin_worth).collect();
    let worth = worth.ok_or(FormatFault::Character)?;
    if worth.len() != 17 {
        return Err(FormatFault::Length);
    }
    if number.starts_with(['L', '1', '2', '3', '4', '5']) {
        const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
        let sum: u32 = worth.iter().zip(WEIGHTS).map(|(worth, weight)| worth * weight).sum();
        let expected = "0123456789X".chars().nth((sum % 11) as usize);
        if number.chars().nth(8) != expected {
            return Err(FormatFault::CheckDigit);
        }
    }
    Ok(number)
}

fn vin_worth(c: char) -> Option<u32> {
    Some(match c {
        '0'..='9' => c.to_digit(10)?,
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        _ => return None,
    })
}
