//! `util.autoId`, `util.autoUlid`, `util.autoKsuid` (spec appsync-js 2.1).

use super::{Refusal, Scope};
use crate::clock::IdsUsedUp;
use crate::value::Value;

/// An id that was fixed for a test stands for one of any kind.
fn given(scope: &Scope, name: &str) -> Result<Option<Value>, Refusal> {
    let given = scope.clock.next_id().transpose();
    given.map(|id| id.map(Value::from)).map_err(|IdsUsedUp { given }| {
        Refusal::failed(format!("util.{name}: none of the given ids is left, there were {given}"))
    })
}

pub fn auto_id(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    if let Some(id) = given(scope, "autoId")? {
        return Ok(id);
    }
    Ok(scope.clock.uuid().into())
}

/// 48 bits of milliseconds and 80 random bits in Crockford's base 32.
pub fn auto_ulid(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    if let Some(id) = given(scope, "autoUlid")? {
        return Ok(id);
    }
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let milliseconds = scope.clock.now_epoch_milliseconds().max(0) as u128 & 0xffff_ffff_ffff;
    let random = u128::from_be_bytes(scope.clock.random_bytes()) >> 48;
    let id = milliseconds << 80 | random;
    let digit = |place: u32| DIGITS[(id >> (5 * place)) as usize & 31] as char;
    Ok((0..26).rev().map(digit).collect::<String>().into())
}

/// 32 bits of seconds since KSUID's epoch and 128 random bits in base 62.
pub fn auto_ksuid(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    if let Some(id) = given(scope, "autoKsuid")? {
        return Ok(id);
    }
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const EPOCH_SECONDS: i64 = 1_400_000_000; // 2014-05-13, chosen by KSUID's authors
    let seconds = (scope.clock.now_epoch_milliseconds() / 1000 - EPOCH_SECONDS).max(0) as u32;
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..].copy_from_slice(&scope.clock.random_bytes());
    let mut text = [0; 27];
    for place in text.iter_mut().rev() {
        let mut remainder = 0;
        for byte in &mut bytes {
            let number = remainder << 8 | u32::from(*byte);
            *byte = (number / 62) as u8;
            remainder = number % 62;
        }
        *place = DIGITS[remainder as usize];
    }
    Ok(String::from_utf8_lossy(&text).into_owned().into())
}
