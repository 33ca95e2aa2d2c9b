//! Documents by name: trusted ones that the project brings, and those that clients register by their hash (Apollo's
//! automatic persisted queries). AppSync ignores `extensions` and refuses a request without a document; nothing else that
//! it accepts is answered otherwise because of this.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::Refusal;
use crate::error::Diagnostic;
use crate::execute::prepare::Prepared;
use crate::limits::Limits;
use crate::project::PersistedQueries;
use crate::project::persisted::plain_id;
use crate::schema::Schema;
use crate::value::Str;

/// Bytes of document text that clients may have registered at one time. Ours.
const REGISTERED_BYTES: usize = 4 * 1024 * 1024;

/// Reports trusted documents that could never run: each is parsed and validated as if a client had sent it.
pub fn check(settings: &PersistedQueries, schema: &Schema, limits: &Limits) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (id, document) in &settings.documents {
        // The switch for introspection does not concern documents that the project brings itself.
        let Err(errors) = Prepared::new(schema, &document.text, limits, true) else { continue };
        for error in errors {
            let message = format!("trusted document `{id}`: {}", error.message);
            problems
                .push(Diagnostic::error(message).at(&document.place.file, document.place.start..document.place.end));
        }
    }
    problems
}

/// Which document a request names, besides or instead of sending it.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentName {
    /// `documentId` (GraphQL over HTTP, appendix on persisted documents).
    Id(Str),
    /// `extensions.persistedQuery.sha256Hash` (Apollo).
    Hash(Str),
}

impl DocumentName {
    fn plain(&self) -> &str {
        match self {
            DocumentName::Id(id) | DocumentName::Hash(id) => plain_id(id),
        }
    }
}

/// The documents of one API.
pub struct PersistedDocuments {
    trusted: HashMap<Str, Arc<str>>,
    /// The texts themselves, for clients that send them whole. Filled only where nothing else is let through.
    trusted_texts: HashSet<Arc<str>>,
    is_only: bool,
    registered: Option<Mutex<Registered>>,
}

/// Two generations: when the young one is full it becomes the old one, and what was not asked for since is gone.
#[derive(Default)]
struct Registered {
    young: HashMap<[u8; 32], Str>,
    old: HashMap<[u8; 32], Str>,
    young_bytes: usize,
}

/// The text to run, and the hash to register it under once it has proved to be valid.
#[derive(Debug, PartialEq)]
pub struct Named {
    pub text: Str,
    pub register: Option<[u8; 32]>,
}

impl PersistedDocuments {
    pub fn new(settings: &PersistedQueries) -> PersistedDocuments {
        let trusted: HashMap<Str, Arc<str>> =
            settings.documents.iter().map(|(id, document)| (id.clone(), document.text.as_str().into())).collect();
        let trusted_texts = if settings.only { trusted.values().cloned().collect() } else { HashSet::new() };
        PersistedDocuments {
            trusted,
            trusted_texts,
            is_only: settings.only,
            registered: settings.automatic.then(Mutex::default),
        }
    }

    /// Finds what to run.
    ///
    /// # Errors
    /// A [`Refusal`] when the name is unknown, does not belong to the text beside it, or the text is not trusted.
    pub fn resolve(&self, text: &Str, name: Option<&DocumentName>) -> Result<Named, Refusal> {
        let as_sent = |text: &Str| Ok(Named { text: text.clone(), register: None });
        if let Some(trusted) = name.and_then(|name| self.trusted.get(name.plain())) {
            return as_sent(&Str::from(trusted.as_ref()));
        }
        if self.is_only {
            return if self.trusted_texts.contains(text.as_str()) { as_sent(text) } else { Err(untrusted()) };
        }
        match name {
            None => as_sent(text),
            Some(DocumentName::Id(_)) if text.is_empty() => Err(not_found()),
            Some(DocumentName::Id(_)) => as_sent(text),
            Some(DocumentName::Hash(hash)) => match &self.registered {
                Some(registered) => automatic(registered, text, hash),
                None if text.is_empty() => Err(not_supported()),
                None => as_sent(text),
            },
        }
    }

    /// Keeps a text that has proved to be valid.
    pub fn register(&self, hash: [u8; 32], text: Str) {
        if let Some(registered) = &self.registered {
            locked(registered).insert(hash, text);
        }
    }
}

fn automatic(registered: &Mutex<Registered>, text: &Str, hash: &str) -> Result<Named, Refusal> {
    let wanted = from_hex(plain_id(hash));
    if text.is_empty() {
        let found = wanted.and_then(|hash| locked(registered).get(&hash));
        return found.map(|text| Named { text, register: None }).ok_or_else(not_found);
    }
    let digest = sha256(text.as_bytes());
    if wanted != Some(digest) {
        return Err(Refusal::new(400, "BadRequestException", "provided sha does not match query"));
    }
    Ok(Named { text: text.clone(), register: Some(digest) })
}

fn locked(registered: &Mutex<Registered>) -> std::sync::MutexGuard<'_, Registered> {
    registered.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registered {
    fn get(&mut self, hash: &[u8; 32]) -> Option<Str> {
        if let Some(text) = self.young.get(hash) {
            return Some(text.clone());
        }
        let text = self.old.remove(hash)?;
        self.insert(*hash, text.clone());
        Some(text)
    }

    fn insert(&mut self, hash: [u8; 32], text: Str) {
        let bytes = text.len() + 64;
        if self.young.insert(hash, text).is_none() {
            self.young_bytes += bytes;
        }
        if self.young_bytes > REGISTERED_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

/// Apollo's word, at which its client sends the document itself. Its server answers with status 200.
fn not_found() -> Refusal {
    Refusal::new(200, "PersistedQueryNotFound", "PersistedQueryNotFound").with_code("PERSISTED_QUERY_NOT_FOUND")
}

/// Apollo's word, at which its client gives up naming documents.
fn not_supported() -> Refusal {
    Refusal::new(200, "PersistedQueryNotSupported", "PersistedQueryNotSupported")
        .with_code("PERSISTED_QUERY_NOT_SUPPORTED")
}

fn untrusted() -> Refusal {
    let message = "Only trusted documents are accepted: send the `documentId` of one of them.";
    Refusal::new(400, "UntrustedDocumentException", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Place, SourceFile};
    use crate::project::TrustedDocument;

    const TEXT: &str = "{ __typename }";
    /// Of [`TEXT`].
    const HASH: &str = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";

    fn documents(automatic: bool, only: bool, trusted: &[(&str, &str)]) -> PersistedDocuments {
        let place = Place { file: SourceFile::new("documents.json", ""), start: 0, end: 0 };
        let document = |(id, text): &(&str, &str)| {
            (Str::from(*id), TrustedDocument { text: Str::from(*text), place: place.clone() })
        };
        PersistedDocuments::new(&PersistedQueries {
            path: None,
            automatic,
            only,
            documents: trusted.iter().map(document).collect(),
        })
    }

    fn hash(hash: &str) -> DocumentName {
        DocumentName::Hash(hash.into())
    }

    fn text_of(found: Result<Named, Refusal>) -> Result<String, String> {
        found.map(|named| named.text.to_string()).map_err(|refusal| refusal.message.to_string())
    }

    #[test]
    fn a_registered_text_is_found_by_its_hash_whatever_the_case_of_its_digits() {
        let documents = documents(true, false, &[]);
        let missing = text_of(documents.resolve(&"".into(), Some(&hash(HASH))));
        assert_eq!(missing, Err("PersistedQueryNotFound".into()));
        let named = documents.resolve(&TEXT.into(), Some(&hash(HASH))).unwrap();
        documents.register(named.register.unwrap(), named.text);
        for digits in [HASH.to_owned(), HASH.to_uppercase(), format!("sha256:{HASH}")] {
            assert_eq!(text_of(documents.resolve(&"".into(), Some(&hash(&digits)))), Ok(TEXT.into()), "{digits}");
        }
    }

    #[test]
    fn a_text_under_a_foreign_hash_is_refused() {
        let documents = documents(true, false, &[]);
        for digits in [&HASH.replace('e', "f"), "", "é", &"0".repeat(64), &HASH[..62]] {
            let refused = text_of(documents.resolve(&TEXT.into(), Some(&hash(digits))));
            assert_eq!(refused, Err("provided sha does not match query".into()), "{digits}");
        }
    }

    #[test]
    fn what_is_registered_stays_within_its_bound() {
        let documents = documents(true, false, &[]);
        let large = "x".repeat(REGISTERED_BYTES / 4);
        for index in 0..20_u8 {
            documents.register([index; 32], large.as_str().into());
        }
        let registered = documents.registered.as_ref().unwrap().lock().unwrap();
        assert!(registered.young.len() + registered.old.len() <= 10);
        assert!(registered.young.contains_key(&[19; 32]) || registered.old.contains_key(&[19; 32]));
    }

    #[test]
    fn without_automatic_ones_a_hash_alone_is_not_supported_and_beside_a_text_ignored() {
        let documents = documents(false, false, &[]);
        assert_eq!(text_of(documents.resolve(&"".into(), Some(&hash(HASH)))), Err("PersistedQueryNotSupported".into()));
        assert_eq!(text_of(documents.resolve(&TEXT.into(), Some(&hash("0")))), Ok(TEXT.into()));
    }

    #[test]
    fn where_only_trusted_documents_count_no_other_text_runs() {
        let documents = documents(false, true, &[("shop", "{ shop }"), (HASH, TEXT)]);
        let id = |id: &str| DocumentName::Id(id.into());
        assert_eq!(text_of(documents.resolve(&"".into(), Some(&id("shop")))), Ok("{ shop }".into()));
        assert_eq!(text_of(documents.resolve(&"".into(), Some(&id(&format!("sha256:{HASH}"))))), Ok(TEXT.into()));
        assert_eq!(text_of(documents.resolve(&"".into(), Some(&hash(HASH)))), Ok(TEXT.into()));
        assert_eq!(text_of(documents.resolve(&"{ evil }".into(), Some(&id("shop")))), Ok("{ shop }".into()));
        assert_eq!(text_of(documents.resolve(&"{ shop }".into(), None)), Ok("{ shop }".into()));
        for (text, name) in [("{ evil }", None), ("", Some(id("other"))), ("{ evil }", Some(id("other"))), ("", None)] {
            let refusal = documents.resolve(&text.into(), name.as_ref()).unwrap_err();
            assert_eq!((refusal.status, refusal.error_type), (400, "UntrustedDocumentException"), "{text}");
        }
    }
}
