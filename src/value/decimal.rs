//! One text for each decimal number, however it was written.

use std::borrow::Cow;

/// The digits without leading and trailing zeros, and the exponent that puts the point after them: `-15e-1` for `-1.50`
/// and `-15E-1`. DynamoDB holds numbers as such, so that texts from a request and from an answer differ for equal ones.
/// What is no decimal number, or has an exponent beyond all numbers, stays as it is.
pub(crate) fn canonical_decimal(text: &str) -> Cow<'_, str> {
    canonical(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn canonical(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    let exponent =
        exponent - i64::try_from(fraction.len()).ok()? + i64::try_from(digits.len() - significant.len()).ok()?;
    Some(match significant.trim_start_matches('0') {
        "" => "0".to_owned(),
        significant => format!("{sign}{significant}e{exponent}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_numbers_have_one_text() {
        for texts in [
            &["0", "-0", "0.00", "0e5", "00"][..],
            &["1", "1.0", "+1", "0.1e1", "10e-1", "01"],
            &["-1.5", "-15E-1", "-1.50"],
            &["1e20", "100000000000000000000", "1E+20", "100000000000000000000.0"],
            &["12345678901234567890123456789012345678", "1.2345678901234567890123456789012345678e37"],
        ] {
            for text in texts {
                assert_eq!(canonical_decimal(text), canonical_decimal(texts[0]), "{text}");
            }
        }
        assert_ne!(canonical_decimal("12345678901234567890.1"), canonical_decimal("12345678901234567890.2"));
        assert_ne!(canonical_decimal("1"), canonical_decimal("-1"));
        assert_ne!(canonical_decimal("1"), canonical_decimal("10"));
    }

    #[test]
    fn what_is_no_number_stays_as_it_is() {
        for text in ["", "-", ".", "e5", "1e", "1e99999999999", "ten", "1.2.3", "0x10", "é1"] {
            assert_eq!(canonical_decimal(text), text);
        }
    }

    proptest! {
        #[test]
        fn zeros_and_shifted_points_change_nothing(digits in "[1-9][0-9]{0,37}", zeros in 0usize..5, shift in 0usize..5, any in ".*") {
            let plain = canonical_decimal(&digits).into_owned();
            let shifted = format!("{}{digits}{}e-{shift}", "0".repeat(zeros), "0".repeat(shift));
            prop_assert_eq!(canonical_decimal(&shifted), plain);
            canonical_decimal(&any);
        }
    }
}
