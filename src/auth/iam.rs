//! IAM callers (spec appsync-service 3.3): AWS in front of the function has verified the signature, or, on a laptop, the
//! secret is in `localCredentials` and it is verified here.

use crate::auth::{Caller, Denial, identity, sigv4, source_ip};
use crate::clock::Clock;
use crate::context::{AuthMode, Identity, iam_identity};
use crate::project::authentication::local::LocalCredential;

pub struct Iam(Vec<LocalCredential>);

impl Iam {
    pub fn new(credentials: &[LocalCredential]) -> Iam {
        Iam(credentials.to_vec())
    }

    /// A request whose `authorization` is a signature.
    ///
    /// # Errors
    /// A signature that is wrong, too old, or of a key that nobody here knows.
    pub fn authenticate(&self, caller: &Caller<'_>, authorization: &str, clock: &Clock) -> Result<Identity, Denial> {
        if caller.evidence.verified_caller.is_some() {
            return self.authenticate_verified(caller);
        }
        let parts = caller.evidence.signed.as_ref().ok_or(Denial::UNAUTHORIZED)?;
        let signature = sigv4::parse(authorization).ok_or(Denial::WRONG_SIGNATURE)?;
        let credential = self.0.iter().find(|credential| credential.access_key_id == signature.access_key_id);
        let credential = credential.ok_or(Denial::UNAUTHORIZED)?;
        let secret = &credential.secret_access_key;
        sigv4::verify(&signature, secret, parts, caller.headers, clock.now_epoch_milliseconds())?;
        Ok(identity(AuthMode::Iam, iam_identity(&credential.identity, source_ip(caller))))
    }

    /// A request whose signature AWS has verified.
    ///
    /// # Errors
    /// None has been.
    pub fn authenticate_verified(&self, caller: &Caller<'_>) -> Result<Identity, Denial> {
        let members = caller.evidence.verified_caller.as_ref().ok_or(Denial::UNAUTHORIZED)?;
        Ok(identity(AuthMode::Iam, iam_identity(members, source_ip(caller))))
    }
}
