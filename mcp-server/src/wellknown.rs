//! Discovery: where a client gets a token, for which resource, and how to verify one.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use storage::access::ScopeSet;

use crate::token::public_keys::ALGORITHMS;

/// The path form of RFC 9728: the resource's own path follows the well-known one.
pub const PROTECTED_RESOURCE_PATH: &str = "/.well-known/oauth-protected-resource/mcp";

/// RFC 9728.
pub async fn protected_resource(State(state): State<crate::State>) -> Response {
    cached(protected_resource_metadata(&state.auth.issuer.issuer, &state.auth.issuer.resource))
}

/// RFC 8414.
pub async fn authorization_server(State(state): State<crate::State>) -> Response {
    cached(authorization_server_metadata(&state.auth.issuer.issuer, state.config.admin_url.is_some()))
}

/// RFC 7517.
pub async fn jwks(State(state): State<crate::State>) -> Response {
    cached(state.auth.issuer.jwks())
}

/// The same for all clients, and rarely changed. A quarter of an hour is also the lifetime of a token.
fn cached(document: Value) -> Response {
    ([(CACHE_CONTROL, "public, max-age=900")], Json(document)).into_response()
}

fn scopes() -> Vec<String> {
    ScopeSet::all().to_strings()
}

fn protected_resource_metadata(issuer: &str, resource: &str) -> Value {
    json!({
        "resource": resource,
        "resource_name": "AI tutor",
        "authorization_servers": [issuer],
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "resource_documentation": format!("{issuer}/api/docs"),
    })
}

/// `asks_people`: whether people can connect agents, because it is known where the dashboard is.
fn authorization_server_metadata(issuer: &str, asks_people: bool) -> Value {
    let mut metadata = json!({
        "issuer": issuer,
        // Also without people, because the official SDKs read no metadata without it.
        "authorization_endpoint": format!("{issuer}/auth/authorize"),
        "token_endpoint": format!("{issuer}/auth/token"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "scopes_supported": scopes(),
        // RFC 8414 requires the member even if no person can be asked.
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "service_documentation": format!("{issuer}/api/docs"),
    });
    if asks_people {
        metadata["registration_endpoint"] = json!(format!("{issuer}/auth/register"));
        metadata["revocation_endpoint"] = json!(format!("{issuer}/auth/revoke"));
        metadata["revocation_endpoint_auth_methods_supported"] = json!(["none"]);
        metadata["response_types_supported"] = json!(["code"]);
        metadata["response_modes_supported"] = json!(["query"]);
        metadata["grant_types_supported"] = json!(["authorization_code", "refresh_token", "client_credentials"]);
        metadata["code_challenge_methods_supported"] = json!(["S256"]);
        metadata["token_endpoint_auth_methods_supported"] =
            json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
        metadata["client_id_metadata_document_supported"] = json!(true);
        // RFC 9207.
        metadata["authorization_response_iss_parameter_supported"] = json!(true);
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_names_its_authorization_server_and_both_their_scopes() {
        let resource = protected_resource_metadata("https://tutor.example", "https://tutor.example/mcp");
        let server = authorization_server_metadata("https://tutor.example", true);
        assert_eq!(resource["resource"], "https://tutor.example/mcp");
        assert_eq!(resource["authorization_servers"][0], server["issuer"]);
        assert_eq!(server["token_endpoint"], "https://tutor.example/auth/token");
        assert_eq!(resource["scopes_supported"], server["scopes_supported"]);
        assert_eq!(resource["scopes_supported"].as_array().unwrap().len(), 7);
        assert_eq!(server["registration_endpoint"], "https://tutor.example/auth/register");
        let alone = authorization_server_metadata("https://tutor.example", false);
        assert_eq!(alone["grant_types_supported"], json!(["client_credentials"]));
        assert!(
            alone.get("registration_endpoint").is_none() && alone.get("code_challenge_methods_supported").is_none()
        );
    }
}
