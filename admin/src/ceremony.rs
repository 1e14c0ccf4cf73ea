//! Passkey ceremonies: how a page requests a passkey and how the answer is checked. Each ceremony has its own
//! challenge. A challenge works once, within five minutes, for one purpose, and only with the browser's login, sign-in
//! step or cookie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::db::Db;
use storage::id::{AdminUserId, PasskeyId};
use storage::passkey::{self, PasskeyItem};
use storage::{admin_challenge, secret};

use crate::fault::Fault;
use crate::webauthn::{
    Algorithm, Assertion, Bytes, ClientData, Kind, Made, PublicKey, Registration, RelyingParty, Untrue, encoded,
};

/// How long a person may take to use the authenticator.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The purpose of a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Add a passkey.
    Register,
    /// Confirm the identity of a signed-in person.
    Confirm,
    /// Sign in after the password.
    SecondStep,
    /// Sign in without a password.
    SignIn,
}

/// What a challenge is bound to.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bond {
    purpose: Purpose,
    /// SHA-256 of the browser's cookie.
    holder: String,
}

impl Bond {
    fn new(purpose: Purpose, holder: &SecretString) -> Self {
        Self { purpose, holder: hex::encode(secret::hash(holder.expose_secret())) }
    }
}

/// Why a passkey was refused. `Display` gives the text for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Untrue(#[from] Untrue),
    #[error("no challenge of this browser")]
    Over,
    #[error("an unknown passkey")]
    Unknown,
    #[error("the count went backwards")]
    Backwards,
}

impl Refused {
    /// Returns the text for the page.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Over => "This took too long, was already used, or began in another browser. Try again.",
            Self::Unknown => {
                "This passkey does not belong to this account. It may have been removed. Use another way to sign in."
            }
            Self::Backwards => {
                "This passkey was refused, because a copy of it seems to exist. Use another way to sign in, remove the passkey, \
                 and tell an admin."
            }
            Self::Untrue(Untrue::Unverified) => {
                "Your device did not check who you are. Set up a PIN, fingerprint or face recognition on it, and try again."
            }
            Self::Untrue(Untrue::Key) => {
                "This device makes keys of a type that is not supported here. Use another device."
            }
            Self::Untrue(Untrue::Origin | Untrue::Party) => {
                "This passkey is for another address. Open the dashboard at the address that its admin gave you, and try again."
            }
            Self::Untrue(_) => {
                "The answer of your device was not accepted. Try again. If it fails again, contact an admin."
            }
        }
    }
}

async fn challenge(db: &Db, purpose: Purpose, holder: &SecretString, now: DateTime<Utc>) -> Result<String, Fault> {
    let challenge = secret::generate("pk");
    let bond = serde_json::to_value(Bond::new(purpose, holder)).map_err(|_| Fault::Internal)?;
    admin_challenge::insert_challenge(db, &challenge, &bond, LIFETIME, now).await?;
    Ok(encoded(challenge.expose_secret()))
}

/// Returns the options for a new passkey, which `passkey.js` gives to the browser. They list the user's other passkeys,
/// because one authenticator needs only one.
pub(crate) async fn ask_for_new(
    db: &Db,
    party: &RelyingParty,
    (admin_user_id, email): (AdminUserId, &str),
    holder: &SecretString,
    now: DateTime<Utc>,
) -> Result<Value, Fault> {
    let others = passkey::list_passkeys(db, admin_user_id).await?;
    let algorithms = Algorithm::ALL.map(|algorithm| json!({ "type": "public-key", "alg": algorithm as i32 }));
    Ok(json!({ "create": {
        "rp": { "id": party.id, "name": "AI Tutor" },
        "user": { "id": URL_SAFE_NO_PAD.encode(admin_user_id.0), "name": email, "displayName": email },
        "challenge": challenge(db, Purpose::Register, holder, now).await?,
        "pubKeyCredParams": algorithms,
        "excludeCredentials": described(&others),
        "authenticatorSelection": { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" },
        "attestation": "none",
        "timeout": LIFETIME.num_milliseconds(),
    } }))
}

/// Returns the options for using a passkey: one of `allowed`, or any passkey of this service if the list is empty.
pub(crate) async fn ask(
    db: &Db,
    party: &RelyingParty,
    purpose: Purpose,
    holder: &SecretString,
    allowed: &[PasskeyItem],
    now: DateTime<Utc>,
) -> Result<Value, Fault> {
    Ok(json!({ "get": {
        "rpId": party.id,
        "challenge": challenge(db, purpose, holder, now).await?,
        "allowCredentials": described(allowed),
        "userVerification": "required",
        "timeout": LIFETIME.num_milliseconds(),
    } }))
}

fn described(passkeys: &[PasskeyItem]) -> Vec<Value> {
    let one = |item: &PasskeyItem| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&item.credential_id) });
    passkeys.iter().map(one).collect()
}

/// Uses up the challenge and checks that the answer came from our page. A failed check also uses it up.
async fn judge_page(
    db: &Db,
    party: &RelyingParty,
    client_data: &Bytes,
    kind: Kind,
    bond: &Bond,
    now: DateTime<Utc>,
) -> Result<Result<(), Refused>, Fault> {
    let (client_data, challenge) = match ClientData::parse(client_data).and_then(|data| Ok((data.challenge()?, data))) {
        Ok((challenge, data)) => (data, challenge),
        Err(untrue) => return Ok(Err(untrue.into())),
    };
    let kept = admin_challenge::take_challenge(db, &challenge, now).await?;
    if kept.and_then(|kept| serde_json::from_value::<Bond>(kept).ok()).as_ref() != Some(bond) {
        return Ok(Err(Refused::Over));
    }
    Ok(party.judge_client_data(&client_data, kind).map_err(Refused::from))
}

/// A new passkey, as it is stored.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) made: Made,
    pub(crate) public_key: Vec<u8>,
    pub(crate) algorithm: i32,
}

/// Checks and returns a new passkey.
pub(crate) async fn accept_new(
    db: &Db,
    party: &RelyingParty,
    answer: &str,
    holder: &SecretString,
    now: DateTime<Utc>,
) -> Result<Result<New, Refused>, Fault> {
    let Ok(registration) = serde_json::from_str::<Registration>(answer) else {
        return Ok(Err(Untrue::Unreadable.into()));
    };
    let bond = Bond::new(Purpose::Register, holder);
    if let Err(refused) = judge_page(db, party, &registration.client_data, Kind::Create, &bond, now).await? {
        return Ok(Err(refused));
    }
    Ok(party.judge_registration(&registration).map_err(Refused::from).map(|made| New {
        made,
        public_key: registration.public_key.0,
        algorithm: registration.algorithm,
    }))
}

/// Which user used which passkey.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) passkey_id: PasskeyId,
    pub(crate) email: String,
}

/// Checks the use of a passkey by the user `of`, or by any user if they sign in without a password.
pub(crate) async fn accept(
    db: &Db,
    party: &RelyingParty,
    answer: &str,
    (purpose, holder): (Purpose, &SecretString),
    of: Option<AdminUserId>,
    now: DateTime<Utc>,
) -> Result<Result<Shown, Refused>, Fault> {
    let Ok(assertion) = serde_json::from_str::<Assertion>(answer) else {
        return Ok(Err(Untrue::Unreadable.into()));
    };
    let bond = Bond::new(purpose, holder);
    if let Err(refused) = judge_page(db, party, &assertion.client_data, Kind::Get, &bond, now).await? {
        return Ok(Err(refused));
    }
    let found = passkey::find_passkey(db, &assertion.id.0).await?;
    let Some(found) = found.filter(|found| is_theirs(found.admin_user_id, &assertion, of)) else {
        return Ok(Err(Refused::Unknown));
    };
    let key = PublicKey::parse(&found.public_key, found.algorithm);
    let sign_count = match key.and_then(|key| party.judge_assertion(&assertion, &key)) {
        Ok(sign_count) => sign_count,
        Err(untrue) => return Ok(Err(untrue.into())),
    };
    if passkey::mark_used(db, found.passkey_id, sign_count, now).await? {
        Ok(Ok(Shown { passkey_id: found.passkey_id, email: found.email }))
    } else {
        tracing::warn!(passkey.id = %found.passkey_id, "the count of a passkey went backwards");
        Ok(Err(Refused::Backwards))
    }
}

/// Returns whether the passkey belongs to the known user, or to the user that the authenticator names.
fn is_theirs(owner: AdminUserId, assertion: &Assertion, of: Option<AdminUserId>) -> bool {
    let named = assertion.user_handle.as_ref().map(|handle| handle.0 == owner.0.as_bytes());
    match of {
        Some(of) => owner == of && named.unwrap_or(true),
        None => named.unwrap_or(false),
    }
}
