//! Signatures that AWS's own signer has made (`tests/auth/signatures.json`).

use crate::auth::stand_ins::{Door, data};
use crate::auth::{Denial, Evidence, LocalSignIn, SignedParts};
use crate::context::AuthMode;
use crate::value::{Str, Value};

const CONFIG: &str = "authentication: { type: AWS_IAM }\n\
    localCredentials: [{ accessKeyId: AKIALOCAL, secretAccessKey: a-placeholder, accountId: 111122223333 }]\n";

fn door(local: Option<&LocalSignIn>) -> Door {
    let mut project = crate::auth::stand_ins::project(CONFIG);
    // A secret with blanks, which `syncline.yaml` refuses, is what the signer was given.
    project.config.authentication.local_credentials[0].secret_access_key = "a secret for tests".into();
    let mut door = Door::new(CONFIG);
    let authentication = &project.config.authentication;
    door.authenticator = crate::auth::Authenticator::new(authentication, "test", local, &door.clock);
    door
}

fn evidence(request: &Value) -> Evidence {
    let text = |name: &str| Str::from(request.get(name).and_then(Value::as_str).unwrap());
    let signed = SignedParts {
        method: text("method"),
        path: text("path"),
        query: text("query"),
        body: text("body").as_bytes().to_vec().into(),
    };
    Evidence { peer: Some("203.0.113.9".into()), signed: Some(signed), ..Evidence::default() }
}

#[tokio::test]
async fn signatures_are_taken_and_refused_as_the_file_says() {
    let (data, door) = (data("signatures.json"), door(Some(&LocalSignIn::default())));
    let mut wrong = Vec::new();
    let cases = data.get("cases").and_then(Value::as_list).unwrap();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    for case in cases {
        let request = case.get("request").unwrap();
        let outcome = door.ask_with(request.get("headers").unwrap(), &evidence(request)).await;
        let expected = case.get("denied").and_then(Value::as_str);
        let actual = outcome.as_ref().err().map(|denial| denial.0);
        if actual != expected {
            wrong.push(format!("{}: expected {expected:?}, but {outcome:?}", case.get("name").unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn who_signs_is_who_the_file_says_and_only_on_a_laptop() {
    let data = data("signatures.json");
    let request = data.get("cases").and_then(Value::as_list).unwrap()[0].get("request").unwrap();
    let (headers, evidence) = (request.get("headers").unwrap(), evidence(request));
    let identity = door(Some(&LocalSignIn::default())).ask_with(headers, &evidence).await.unwrap();
    assert_eq!(identity.mode, Some(AuthMode::Iam));
    assert_eq!(
        identity.value.to_string(),
        r#"{"accountId":"111122223333","cognitoIdentityPoolId":null,"cognitoIdentityId":null,"sourceIp":["203.0.113.9"],"username":"AKIALOCAL","userArn":"arn:aws:iam::111122223333:user/AKIALOCAL","cognitoIdentityAuthType":null,"cognitoIdentityAuthProvider":null}"#
    );
    assert_eq!(door(None).ask_with(headers, &evidence).await, Err(Denial::UNAUTHORIZED));
}
