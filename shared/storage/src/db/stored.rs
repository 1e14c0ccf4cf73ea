//! Words of `domain` as Postgres keeps them: text. `domain` knows no database, so its types cannot be columns themselves.

use domain::evidence::{Help, Source, Verdict};
use domain::transcript::Speaker;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// A column whose text is the name of a `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<T>(pub T);

impl<T> Type<Postgres> for Stored<T> {
    fn type_info() -> PgTypeInfo {
        <&str as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <&str as Type<Postgres>>::compatible(ty)
    }
}

macro_rules! stored {
    ($($name:ident),+) => {$(
        impl<'r> Decode<'r, Postgres> for Stored<$name> {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let text = <&str as Decode<Postgres>>::decode(value)?;
                text.parse().map(Self).map_err(|_| format!("“{text}” is no {}", stringify!($name)).into())
            }
        }

        impl From<Stored<$name>> for $name {
            fn from(stored: Stored<$name>) -> Self {
                stored.0
            }
        }
    )+};
}

stored!(Speaker, Verdict, Help, Source);
