//! An update expression carried out on an item in memory: what a conflict handler is shown as `newItem`. Only DynamoDB
//! itself writes, so what this cannot read is an error and never a guess.

use std::cmp::Reverse;
use std::iter::Peekable;
use std::str::Chars;

use crate::value::{Map, Number, Str, Value, object};

/// `item` after `expression`.
///
/// # Errors
/// What in the expression cannot be carried out, for the operator.
pub(super) fn updated(item: &Map, expression: &str, names: &Map, values: &Map) -> Result<Map, String> {
    let tokens = tokens(expression)?;
    let mut parser = Parser { tokens: &tokens, names, values, before: item };
    let mut after = Value::from(item.clone());
    let mut removals: Vec<Vec<Step>> = Vec::new();
    while let Some(keyword) = parser.next() {
        match keyword.to_ascii_uppercase().as_str() {
            "SET" => parser.each(|parser| {
                let path = parser.path()?;
                parser.expect("=")?;
                let value = parser.sum()?;
                set(&mut after, &path, value)
            })?,
            "REMOVE" => parser.each(|parser| {
                removals.push(parser.path()?);
                Ok(())
            })?,
            "ADD" => parser.each(|parser| {
                let (path, value) = (parser.path()?, parser.value()?);
                let sum = match get(item, &path) {
                    Some(old) => add(&old, &value)?,
                    None => value,
                };
                set(&mut after, &path, sum)
            })?,
            "DELETE" => parser.each(|parser| {
                let (path, value) = (parser.path()?, parser.value()?);
                match get(item, &path).map(|old| difference(&old, &value)).transpose()? {
                    Some(Some(left)) => set(&mut after, &path, left),
                    Some(None) => {
                        remove(&mut after, &path);
                        Ok(())
                    }
                    None => Ok(()),
                }
            })?,
            _ => return Err(format!("the update expression cannot be read at `{keyword}`")),
        }
    }
    // Paths mean the item as it was: what lies deeper and further back goes first, so that no removal moves another's.
    removals.sort_by_key(|path| (Reverse(path.len()), Reverse(path.last().cloned())));
    removals.iter().for_each(|path| remove(&mut after, path));
    after.as_object().cloned().ok_or_else(|| "the update leaves no item".to_owned())
}

/// One step into an item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(Str),
    Item(usize),
}

struct Parser<'a> {
    tokens: &'a [String],
    names: &'a Map,
    values: &'a Map,
    /// Every operand is what was stored before the update.
    before: &'a Map,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.first().map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn accept(&mut self, token: &str) -> bool {
        let is_there = self.peek() == Some(token);
        if is_there {
            self.tokens = &self.tokens[1..];
        }
        is_there
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.accept(token) {
            true => Ok(()),
            false => Err(format!("the update expression lacks `{token}`")),
        }
    }

    /// One action or several with commas between them.
    fn each(&mut self, mut action: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        loop {
            action(self)?;
            if !self.accept(",") {
                return Ok(());
            }
        }
    }

    fn path(&mut self) -> Result<Vec<Step>, String> {
        let mut path = Vec::new();
        loop {
            let name = self.next().ok_or("the update expression ends within a path")?;
            let member = match name.starts_with('#') {
                true => self.names.get(name.as_str()).and_then(Value::as_str).map(Str::from),
                false => name.starts_with(|c: char| c.is_alphabetic() || c == '_').then(|| name.as_str().into()),
            };
            path.push(Step::Member(member.ok_or_else(|| format!("`{name}` is no path"))?));
            while self.accept("[") {
                let index = self.next().and_then(|index| index.parse().ok()).ok_or("an index is no number")?;
                path.push(Step::Item(index));
                self.expect("]")?;
            }
            if !self.accept(".") {
                return Ok(path);
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        let name = self.next().ok_or("the update expression ends before a value")?;
        self.values.get(name.as_str()).cloned().ok_or_else(|| format!("`{name}` has no value"))
    }

    fn sum(&mut self) -> Result<Value, String> {
        let left = self.operand()?;
        if self.accept("+") {
            return number_sum(&left, &self.operand()?, 1);
        }
        if self.accept("-") {
            return number_sum(&left, &self.operand()?, -1);
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Value, String> {
        if self.accept("(") {
            let value = self.sum()?;
            self.expect(")")?;
            return Ok(value);
        }
        let name = self.peek().unwrap_or_default().to_owned();
        let is_call = self.tokens.get(1).is_some_and(|token| token == "(");
        match name.as_str() {
            "if_not_exists" if is_call => {
                self.tokens = &self.tokens[2..];
                let path = self.path()?;
                self.expect(",")?;
                let otherwise = self.operand()?;
                self.expect(")")?;
                Ok(get(self.before, &path).unwrap_or(otherwise))
            }
            "list_append" if is_call => {
                self.tokens = &self.tokens[2..];
                let first = self.operand()?;
                self.expect(",")?;
                let second = self.operand()?;
                self.expect(")")?;
                let list = |value: &Value| value.get("L").and_then(Value::as_list).map(<[Value]>::to_vec);
                let (Some(first), Some(second)) = (list(&first), list(&second)) else {
                    return Err("list_append takes lists".to_owned());
                };
                Ok(object! { "L" => [first, second].concat() })
            }
            name if name.starts_with(':') => self.value(),
            _ => {
                let path = self.path()?;
                get(self.before, &path).ok_or_else(|| format!("`{name}` is not there"))
            }
        }
    }
}

/// Names, placeholders, numbers and punctuation.
fn tokens(expression: &str) -> Result<Vec<String>, String> {
    let is_word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '#' | ':');
    let mut tokens = Vec::new();
    let mut rest: Peekable<Chars> = expression.chars().peekable();
    while let Some(&c) = rest.peek() {
        if is_word(&c) {
            let mut word = String::new();
            while let Some(c) = rest.next_if(is_word) {
                word.push(c);
            }
            tokens.push(word);
        } else {
            rest.next();
            match c {
                _ if c.is_whitespace() => {}
                '=' | ',' | '(' | ')' | '[' | ']' | '.' | '+' | '-' => tokens.push(c.to_string()),
                _ => return Err(format!("the update expression has a `{c}`")),
            }
        }
    }
    Ok(tokens)
}

fn get(item: &Map, path: &[Step]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    let Step::Member(name) = first else { return None };
    rest.iter().try_fold(item.get(name)?.clone(), |value, step| {
        match step {
            Step::Member(name) => value.get("M")?.get(name),
            Step::Item(index) => value.get("L")?.as_list()?.get(*index),
        }
        .cloned()
    })
}

/// `container` is an item, or what an `M` or `L` holds.
fn set(container: &mut Value, path: &[Step], value: Value) -> Result<(), String> {
    let gone = || "the update sets a part of what is not there".to_owned();
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let old = match first {
        Step::Member(name) => container.get(name).cloned(),
        Step::Item(index) => container.as_list().ok_or_else(gone)?.get(*index).cloned(),
    };
    let new = match rest.first() {
        None => value,
        Some(step) => {
            let ty = if matches!(step, Step::Member(_)) { "M" } else { "L" };
            let mut inner = old.as_ref().and_then(|old| old.get(ty)).cloned().ok_or_else(gone)?;
            set(&mut inner, rest, value)?;
            object! { ty => inner }
        }
    };
    match first {
        Step::Member(name) => container.set(name.clone(), new),
        Step::Item(index) => {
            let mut items = container.as_list().unwrap_or_default().to_vec();
            match items.get_mut(*index) {
                Some(item) => *item = new,
                // Beyond the end DynamoDB appends.
                None => items.push(new),
            }
            *container = items.into();
        }
    }
    Ok(())
}

/// Removes what is there.
fn remove(container: &mut Value, path: &[Step]) {
    let Some((first, rest)) = path.split_first() else { return };
    if let Some(step) = rest.first() {
        let ty = if matches!(step, Step::Member(_)) { "M" } else { "L" };
        let old = match first {
            Step::Member(name) => container.get(name),
            Step::Item(index) => container.as_list().and_then(|items| items.get(*index)),
        };
        if let Some(mut inner) = old.and_then(|old| old.get(ty)).cloned() {
            remove(&mut inner, rest);
            let _ = set(container, &path[..1], object! { ty => inner }); // it was there a moment ago
        }
        return;
    }
    match first {
        Step::Member(name) => {
            let mut members = container.as_object().cloned().unwrap_or_default();
            members.shift_remove(name);
            *container = members.into();
        }
        Step::Item(index) => {
            let mut items = container.as_list().unwrap_or_default().to_vec();
            if *index < items.len() {
                items.remove(*index);
            }
            *container = items.into();
        }
    }
}

/// ADD: numbers are summed, sets united.
fn add(old: &Value, new: &Value) -> Result<Value, String> {
    for ty in ["SS", "NS", "BS"] {
        if let (Some(old), Some(new)) = (members(old, ty), members(new, ty)) {
            let more = new.iter().filter(|member| !old.contains(member)).cloned();
            return Ok(object! { ty => old.iter().cloned().chain(more).collect::<Value>() });
        }
    }
    number_sum(old, new, 1)
}

/// DELETE: the members of a set that remain; `None` when none does.
fn difference(old: &Value, new: &Value) -> Result<Option<Value>, String> {
    for ty in ["SS", "NS", "BS"] {
        if let (Some(old), Some(new)) = (members(old, ty), members(new, ty)) {
            let left: Vec<Value> = old.iter().filter(|member| !new.contains(member)).cloned().collect();
            return Ok((!left.is_empty()).then(|| object! { ty => left }));
        }
    }
    Err("DELETE takes sets".to_owned())
}

fn members<'v>(value: &'v Value, ty: &str) -> Option<&'v [Value]> {
    value.get(ty).and_then(Value::as_list)
}

/// Of whole numbers exactly, of others as precise as a machine number is.
fn number_sum(left: &Value, right: &Value, sign: i64) -> Result<Value, String> {
    let number = |value: &Value| value.get("N").and_then(Value::as_str).and_then(Number::parse);
    let (Some(left), Some(right)) = (number(left), number(right)) else {
        return Err("only numbers can be added".to_owned());
    };
    let exact = left.as_i64().zip(right.as_i64()).and_then(|(left, right)| left.checked_add(right.checked_mul(sign)?));
    let text = match exact {
        Some(sum) => sum.to_string(),
        None => (left.as_f64() + sign as f64 * right.as_f64()).to_string(),
    };
    Ok(object! { "N" => text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> Map {
        Value::parse(json).unwrap().as_object().unwrap().clone()
    }

    fn update(expression: &str) -> Result<String, String> {
        let item = map(
            r#"{"n":{"N":"10"},"s":{"S":"x"},"l":{"L":[{"S":"a"},{"S":"b"}]},"m":{"M":{"a":{"N":"1"},"b":{"S":"y"}}},"t":{"SS":["p","q"]}}"#,
        );
        let names = map(r##"{"#m":"m","#dot":"a.b"}"##);
        let values = map(
            r#"{":n":{"N":"5"},":d":{"N":"0.5"},":s":{"S":"z"},":l":{"L":[{"S":"c"}]},":t":{"SS":["q","r"]},":all":{"SS":["p","q"]}}"#,
        );
        updated(&item, expression, &names, &values).map(|after| {
            let changed = after.iter().filter(|(name, value)| item.get(name.as_str()) != Some(value));
            let gone = item.keys().filter(|name| !after.contains_key(name.as_str()));
            let changed = changed.map(|(name, value)| (name.clone(), value.clone()));
            Value::from(changed.chain(gone.map(|name| (name.clone(), Value::Null))).collect::<Map>()).to_string()
        })
    }

    #[test]
    fn an_update_does_in_memory_what_dynamodb_does() {
        for (expression, changed) in [
            ("SET s = :s", r#"{"s":{"S":"z"}}"#),
            ("set n = n + :n, #dot = :s", r#"{"n":{"N":"15"},"a.b":{"S":"z"}}"#),
            ("SET n = :n - n", r#"{"n":{"N":"-5"}}"#),
            ("SET n = n + :d", r#"{"n":{"N":"10.5"}}"#),
            ("SET s = n, n = s", r#"{"n":{"S":"x"},"s":{"N":"10"}}"#),
            ("SET x = if_not_exists(x, :n) + :n", r#"{"x":{"N":"10"}}"#),
            ("SET x = if_not_exists(n, :s)", r#"{"x":{"N":"10"}}"#),
            ("SET l = list_append(l, :l)", r#"{"l":{"L":[{"S":"a"},{"S":"b"},{"S":"c"}]}}"#),
            ("SET l = list_append(:l, if_not_exists(l, :l))", r#"{"l":{"L":[{"S":"c"},{"S":"a"},{"S":"b"}]}}"#),
            ("SET l[1] = :s, l[9] = :n", r#"{"l":{"L":[{"S":"a"},{"S":"z"},{"N":"5"}]}}"#),
            ("SET #m.a = :s, m.c = :n", r#"{"m":{"M":{"a":{"S":"z"},"b":{"S":"y"},"c":{"N":"5"}}}}"#),
            ("REMOVE s, l[0], m.b, nothing, m.x.y", r#"{"l":{"L":[{"S":"b"}]},"m":{"M":{"a":{"N":"1"}}},"s":null}"#),
            ("REMOVE l[0], l[1]", r#"{"l":{"L":[]}}"#),
            ("ADD n :n, t :t, fresh :t", r#"{"n":{"N":"15"},"t":{"SS":["p","q","r"]},"fresh":{"SS":["q","r"]}}"#),
            ("DELETE t :t", r#"{"t":{"SS":["p"]}}"#),
            ("DELETE t :all, nothing :t", r#"{"t":null}"#),
            ("SET s = :s REMOVE n ADD x :n", r#"{"s":{"S":"z"},"x":{"N":"5"},"n":null}"#),
            ("SET n = (n + :n)", r#"{"n":{"N":"15"}}"#),
        ] {
            assert_eq!(update(expression).as_deref(), Ok(changed), "{expression}");
        }
    }

    #[test]
    fn what_dynamodb_would_refuse_is_no_guess() {
        for expression in [
            "PUT a :n",
            "SET",
            "SET a",
            "SET a = :unknown",
            "SET #unknown = :n",
            "SET a = gone",
            "SET a = s + :n",
            "SET a = list_append(s, :l)",
            "SET gone.a = :n",
            "SET a = :n ; b",
            "SET l[x] = :n",
            "ADD s :n",
            "DELETE n :t",
        ] {
            assert!(update(expression).is_err(), "{expression}: {:?}", update(expression));
        }
    }
}
