//! Which way a request goes (spec appsync-service 3.1), API keys, and what works on a laptop only.

use crate::auth::stand_ins::{Door, Function, project};
use crate::auth::{Denial, Evidence, LocalSignIn, local_api_key};
use crate::context::{AuthMode, Identity, iam_members};
use crate::value::{Value, object};

const ALL: &str = "
authentication: { type: API_KEY }
additionalAuthentications:
  - { type: AWS_IAM }
  - { type: OPENID_CONNECT, config: { issuer: 'https://issuer.test' } }
  - { type: AMAZON_COGNITO_USER_POOLS, config: { userPoolId: eu-central-1_Pool } }
  - { type: AWS_LAMBDA, config: { functionName: door } }
apiKeys: [{ name: web, value: da2-web }]
";
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=A/20261122/eu-central-1/appsync/aws4_request, SignedHeaders=host, Signature=00";
/// `{"alg":"RS256","kid":"rsa"}` and `{"iss":"https://issuer.test"}`.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0In0.c2ln";
/// The same of another issuer.
const FOREIGN_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL290aGVyLnRlc3QifQ.c2ln";

#[tokio::test]
async fn the_first_thing_that_a_request_brings_decides_and_nothing_else_is_tried() {
    let mut door = Door::new(ALL);
    door.function = Function::answering(r#"{"isAuthorized":true}"#);
    let mode = |outcome: Result<Identity, Denial>| outcome.map(|identity| identity.mode);
    let key = ("x-api-key", "da2-web");
    let signed = ("authorization", SIGNATURE);
    let token = ("authorization", TOKEN);
    let foreign = ("authorization", FOREIGN_TOKEN);
    let word = ("authorization", "a word");
    // A key even beside a token; a signature even beside a key.
    assert_eq!(mode(door.ask(&[key, token]).await), Ok(Some(AuthMode::ApiKey)));
    assert_eq!(mode(door.ask(&[key, word]).await), Ok(Some(AuthMode::ApiKey)));
    assert_eq!(mode(door.ask(&[key, signed]).await), Err(Denial::UNAUTHORIZED));
    assert_eq!(mode(door.ask(&[("x-api-key", "da2-other"), word]).await), Err(Denial::UNAUTHORIZED));
    assert_eq!(mode(door.ask(&[("x-api-key", ""), word]).await), Err(Denial::UNAUTHORIZED));
    assert_eq!(door.function.calls(), 0);
    // A token of a configured issuer is not for the function, whatever is wrong with it; everything else is.
    assert_eq!(mode(door.ask(&[token]).await), Err(Denial::UNAUTHORIZED));
    assert_eq!(door.function.calls(), 0);
    assert_eq!(mode(door.ask(&[foreign]).await), Ok(Some(AuthMode::Lambda)));
    assert_eq!(mode(door.ask(&[word]).await), Ok(Some(AuthMode::Lambda)));
    assert_eq!(mode(door.ask(&[]).await), Err(Denial::NO_CREDENTIALS));
    assert_eq!(mode(door.ask(&[("authorization", "")]).await), Err(Denial::NO_CREDENTIALS));
}

#[tokio::test]
async fn what_is_not_configured_lets_nobody_in() {
    let keys = Door::new("authentication: { type: API_KEY }\napiKeys: [{ name: web, value: da2-web }]");
    let pool =
        Door::new("authentication: { type: AMAZON_COGNITO_USER_POOLS, config: { userPoolId: eu-central-1_Pool } }");
    let iam = Door::new("authentication: { type: AWS_IAM }");
    assert_eq!(keys.with_token(TOKEN).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(keys.with_token("a word").await, Err(Denial::UNAUTHORIZED));
    assert_eq!(keys.with_token(SIGNATURE).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(pool.ask(&[("x-api-key", "da2-web")]).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(pool.with_token(FOREIGN_TOKEN).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(pool.with_token("a word").await, Err(Denial::NO_TOKEN));
    assert_eq!(iam.with_token("a word").await, Err(Denial::UNAUTHORIZED));
    assert_eq!(iam.with_token(SIGNATURE).await, Err(Denial::UNAUTHORIZED));
    for door in [keys, pool, iam] {
        assert_eq!(door.ask(&[]).await, Err(Denial::NO_CREDENTIALS));
    }
}

#[tokio::test]
async fn without_authentication_everybody_is_let_in_as_nobody() {
    let door = Door::with("name: open", None);
    for headers in [&[][..], &[("authorization", "a word")], &[("x-api-key", "da2-any")]] {
        assert_eq!(door.ask(headers).await, Ok(Identity::default()));
    }
}

#[tokio::test]
async fn a_header_that_is_there_twice_is_no_credential() {
    let door = Door::new(ALL);
    for name in ["x-api-key", "authorization"] {
        let headers = object! { name => vec![Value::from("da2-web"), Value::from("da2-other")] };
        assert_eq!(door.ask_with(&headers, &Evidence::default()).await, Err(Denial::UNAUTHORIZED));
    }
}

#[tokio::test]
async fn a_key_is_good_until_the_hour_in_which_it_expires() {
    // Noon and 35 minutes: rounded down to noon.
    let config = |expiry: &str| {
        format!(
            "authentication: {{ type: API_KEY }}\napiKeys: [{{ name: a, value: da2-a, {expiry} }}, {{ name: b, value: da2-b }}]"
        )
    };
    let mut door = Door::new(&config("expiresAt: '2026-11-22T13:35:00Z'"));
    let minutes = |minutes: i64| minutes * 60_000;
    let (a, b) = ([("x-api-key", "da2-a")], [("x-api-key", "da2-b")]);
    let identity = door.at(minutes(60) - 1).ask(&a).await.unwrap();
    assert_eq!((identity.value, identity.mode), (Value::Null, Some(AuthMode::ApiKey)));
    assert_eq!(door.at(minutes(60)).ask(&a).await, Err(Denial::UNAUTHORIZED));
    assert!(door.ask(&b).await.is_ok());
    let mut door = Door::new(&config("expiresAfter: 24h, expiresAt: '2020-01-01'"));
    assert!(door.at(minutes(24 * 60) - 1).ask(&a).await.is_ok(), "`expiresAfter` wins");
    assert_eq!(door.at(minutes(24 * 60)).ask(&a).await, Err(Denial::UNAUTHORIZED));
    for wrong in ["", "da2-", "da2-a ", "da2-A", "da2-aa", "*"] {
        // Blanks at the ends are no part of a header's value.
        let is_good = wrong.trim() == "da2-a";
        assert_eq!(door.at(0).ask(&[("x-api-key", wrong)]).await.is_ok(), is_good, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_key_without_value_exists_on_a_laptop_only() {
    let config = "authentication: { type: API_KEY }\napiKeys: [web]";
    let key = local_api_key("test", "web");
    assert_eq!((key.len(), &key[..4]), (30, "da2-"));
    assert_ne!(key, local_api_key("test", "app"));
    assert_ne!(key, local_api_key("other", "web"));
    let headers = [("x-api-key", key.as_str())];
    assert!(Door::new(config).ask(&headers).await.is_ok());
    assert_eq!(Door::with(config, None).ask(&headers).await, Err(Denial::UNAUTHORIZED));
}

#[tokio::test]
async fn as_somebody_is_for_requests_that_do_not_sign_in() {
    let config = format!("{ALL}\nidentities:\n  alice: {{ mode: AMAZON_COGNITO_USER_POOLS, groups: [admins] }}\n");
    let local = LocalSignIn { acts_as: Some("alice".into()) };
    let door = Door::with(&config, Some(&local));
    let alice = door.ask(&[]).await.unwrap();
    assert_eq!(alice.mode, Some(AuthMode::UserPools));
    assert_eq!(
        alice.value.to_string(),
        r#"{"sub":"alice","issuer":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool","username":"alice","claims":{"sub":"alice","iss":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool","cognito:username":"alice","token_use":"id","cognito:groups":["admins"]},"sourceIp":["127.0.0.1"],"defaultAuthStrategy":"ALLOW","groups":["admins"]}"#
    );
    assert_eq!(door.ask(&[("x-api-key", "da2-web")]).await.unwrap().mode, Some(AuthMode::ApiKey));
    assert_eq!(door.ask(&[("x-api-key", "da2-no")]).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(Door::with(&config, None).ask(&[]).await, Err(Denial::NO_CREDENTIALS));
}

#[test]
fn every_mode_has_an_identity_of_its_own_shape() {
    let config = "identities:
  key: { mode: API_KEY }
  robot: { mode: AWS_IAM, username: 'AROA:robot' }
  sso: { mode: OPENID_CONNECT, sub: s-1, issuer: 'https://i.test', claims: { level: 3, tags: [a], ok: true } }
  partner: { mode: AWS_LAMBDA, resolverContext: { tenant: blue }, deniedFields: [Query.secret] }
";
    let authentication = project(config).config.authentication;
    let value = |name: &str| crate::auth::local_identity(&authentication, name).unwrap().value.to_string();
    assert_eq!(value("key"), "null");
    assert_eq!(
        value("robot"),
        r#"{"accountId":"123456789012","cognitoIdentityPoolId":null,"cognitoIdentityId":null,"sourceIp":["127.0.0.1"],"username":"AROA:robot","userArn":"arn:aws:iam::123456789012:user/robot","cognitoIdentityAuthType":null,"cognitoIdentityAuthProvider":null}"#
    );
    assert_eq!(
        value("sso"),
        r#"{"sub":"s-1","issuer":"https://i.test","claims":{"sub":"s-1","iss":"https://i.test","level":3,"tags":["a"],"ok":true}}"#
    );
    assert_eq!(value("partner"), r#"{"resolverContext":{"tenant":"blue"}}"#);
    let partner = crate::auth::local_identity(&authentication, "partner").unwrap();
    assert_eq!(partner.denied_fields.as_ref(), ["Query.secret"]);
    assert_eq!(crate::auth::local_identity(&authentication, "nobody"), None);
}

#[tokio::test]
async fn a_caller_whom_aws_has_verified_is_believed_and_headers_alone_are_not() {
    let door = Door::with("authentication: { type: AWS_IAM }", None);
    let members = iam_members(|name| match name {
        "accountId" => Some("111122223333".into()),
        "username" => Some("AROAX:session".into()),
        "userArn" => Some("arn:aws:sts::111122223333:assumed-role/r/session".into()),
        _ => None,
    });
    let verified =
        Evidence { peer: Some("198.51.100.7".into()), verified_caller: Some(members), ..Evidence::default() };
    let headers = object! { "authorization" => SIGNATURE, "x-forwarded-for" => "203.0.113.1, 198.51.100.7" };
    let identity = door.ask_with(&headers, &verified).await.unwrap();
    assert_eq!(
        identity.value.to_string(),
        r#"{"accountId":"111122223333","cognitoIdentityPoolId":null,"cognitoIdentityId":null,"sourceIp":["203.0.113.1","198.51.100.7"],"username":"AROAX:session","userArn":"arn:aws:sts::111122223333:assumed-role/r/session","cognitoIdentityAuthType":null,"cognitoIdentityAuthProvider":null}"#
    );
    assert!(door.ask_with(&Value::empty_object(), &verified).await.is_ok(), "signed in the query string");
    assert_eq!(door.ask_with(&headers, &Evidence::default()).await, Err(Denial::UNAUTHORIZED));
}

#[tokio::test]
async fn a_signature_for_what_stands_in_front_leaves_the_callers_key_alone() {
    let door = Door::new("authentication: { type: API_KEY }\napiKeys: [{ name: web, value: da2-web }]");
    let verified = Evidence { verified_caller: Some(iam_members(|_| None)), ..Evidence::default() };
    let headers = |key: &str| object! { "authorization" => SIGNATURE, "x-api-key" => key };
    let identity = door.ask_with(&headers("da2-web"), &verified).await.unwrap();
    assert_eq!(identity.mode, Some(AuthMode::ApiKey));
    assert_eq!(door.ask_with(&headers("da2-no"), &verified).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(door.ask_with(&headers("da2-web"), &Evidence::default()).await, Err(Denial::UNAUTHORIZED));
    let alone = object! { "authorization" => SIGNATURE };
    assert_eq!(door.ask_with(&alone, &verified).await, Err(Denial::UNAUTHORIZED));
}
