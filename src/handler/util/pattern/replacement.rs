//! Java's replacement syntax: `$1`, `${name}`, `\$`.

/// Appends `replacement` to `out`, with the groups of one match. `group` gives a group's text by its number, and
/// nothing for a number that no group has.
///
/// # Errors
/// Java's texts for a reference that is none.
pub(super) fn expand<'t>(
    out: &mut String,
    replacement: &str,
    names: &[(String, usize)],
    group: impl Fn(usize) -> Option<&'t str>,
) -> Result<(), String> {
    let mut rest = replacement.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some(escaped) => out.push(escaped),
                None => return Err("character to be escaped is missing".to_owned()),
            },
            '$' => {
                let number = match rest.next() {
                    None => return Err("Illegal group reference: group index is missing".to_owned()),
                    Some('{') => {
                        let mut name = String::new();
                        while let Some(c) = rest.next_if(char::is_ascii_alphanumeric) {
                            name.push(c);
                        }
                        named(&name, rest.next() == Some('}'), names)?
                    }
                    Some(c) => {
                        let mut number = c.to_digit(10).ok_or("Illegal group reference")? as usize;
                        // As many digits as name a group: `$12` is group 1 and `2` where there are fewer than 12.
                        while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                            let longer = number * 10 + digit as usize;
                            if group(longer).is_none() {
                                break;
                            }
                            number = longer;
                            rest.next();
                        }
                        number
                    }
                };
                out.push_str(group(number).ok_or_else(|| format!("No group {number}"))?);
            }
            _ => out.push(c),
        }
    }
    Ok(())
}

fn named(name: &str, is_closed: bool, names: &[(String, usize)]) -> Result<usize, String> {
    if name.is_empty() {
        return Err("named capturing group has 0 length name".to_owned());
    }
    if !is_closed {
        return Err("named capturing group is missing trailing '}'".to_owned());
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("capturing group name {{{name}}} starts with digit character"));
    }
    let known = names.iter().find(|(known, _)| known == name);
    known.map(|(_, number)| *number).ok_or_else(|| format!("No group with name {{{name}}}"))
}
