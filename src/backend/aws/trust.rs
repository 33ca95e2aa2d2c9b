//! Whose certificates are believed.
//!
//! Reading the system's 140 certificate authorities takes longer than everything else that a function does before it can
//! answer. AWS's services have certificates of five of them, and AWS tells those who pin authorities to take
//! [these](https://www.amazontrust.com/repository/). So a function that talks to AWS alone believes them alone.

use crate::backend::http::Roots;

/// Certificate authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Those of AWS's services.
    Aws,
    /// Those of this machine, or of the file that `SSL_CERT_FILE` names.
    System,
}

/// In PEM, with a line about each.
const AWS: &str = include_str!("amazon_roots.pem");

/// Variables with which somebody has put something else between this process and AWS, or in AWS's place.
const OTHERS: [&str; 7] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

impl Trust {
    /// What suffices for a process that calls nobody but AWS.
    pub fn for_aws(variable: impl Fn(&str) -> Option<String>) -> Trust {
        if OTHERS.iter().any(|name| variable(name).is_some()) { Trust::System } else { Trust::Aws }
    }

    pub fn roots(self) -> Roots {
        match self {
            Trust::System => Roots::System,
            Trust::Aws => Roots::Only(AWS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::http::authorities;

    #[test]
    fn five_authorities_are_those_of_aws() {
        assert_eq!(authorities(AWS).unwrap().len(), 5);
    }

    #[test]
    fn who_has_something_in_between_believes_the_system() {
        let with = |name: &'static str| Trust::for_aws(move |asked| (asked == name).then(|| "x".to_owned()));
        assert_eq!(with("AWS_REGION"), Trust::Aws);
        for name in OTHERS {
            assert_eq!(with(name), Trust::System, "{name}");
        }
    }
}
