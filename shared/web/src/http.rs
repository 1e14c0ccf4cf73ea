//! The HTTP edge that roles share: serving, request ids, one log line a request, health, metrics, and how an
//! error looks.

mod allowed;
mod health;
mod metrics;
mod problem;
mod proxies;
mod request;
mod seats;
mod serve;
mod streams;
mod whole;

pub use self::allowed::{Allowed, PublicNames, is_public_url};
pub use self::health::health;
pub use self::metrics::{MetricsAccess, metrics};
pub use self::problem::Problem;
pub use self::proxies::Proxies;
pub use self::request::{ClientAddress, RequestId};
pub use self::serve::{ServeOptions, bind, on_signal, serve, serve_with};
pub use self::streams::{OpenStream, Streams};
pub use self::whole::{BodyLimit, MAX_BODY};
