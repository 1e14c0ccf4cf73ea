//! The e-mail with the code for an app, in the guardian's language. It names neither the student nor the guardian.

use secrecy::ExposeSecret;
use storage::family_grant::{CODE_LIFETIME, CodeEmail};

use crate::mail::{Letter, escaped};

/// Subject, and the sentences around the code. `{minutes}` is how long it works.
type Words = (&'static str, &'static str, &'static str);

const ENGLISH: Words = (
    "Your code for the app",
    "Hello,\n\nyour organisation gives you access to the app. Type this code there:",
    "It works once, for {minutes} minutes. If it has expired, ask your organisation for a new one. Do not pass it on.",
);
const SPANISH: Words = (
    "Su código para la aplicación",
    "Hola:\n\nSu organización le da acceso a la aplicación. Escriba allí este código:",
    "Sirve una sola vez, durante {minutes} minutos. Si ha caducado, pida otro a su organización. No lo comparta con nadie.",
);
const GERMAN: Words = (
    "Ihr Code für die App",
    "Guten Tag,\n\nIhre Einrichtung gibt Ihnen Zugang zur App. Geben Sie dort diesen Code ein:",
    "Er gilt einmal und {minutes} Minuten lang. Ist er abgelaufen, bitten Sie Ihre Einrichtung um einen neuen. Geben Sie ihn \
     nicht weiter.",
);

pub(crate) fn letter(email: &CodeEmail) -> Letter {
    let (subject, before, after) = match email.language.split(['-', '_']).next() {
        Some("es") => SPANISH,
        Some("de") => GERMAN,
        _ => ENGLISH,
    };
    let code = email.code.as_ref().map_or("", |code| code.expose_secret());
    let after = after.replace("{minutes}", &CODE_LIFETIME.num_minutes().to_string());
    let paragraph = |text: &str| format!("<p>{}</p>", escaped(text));
    Letter {
        subject: subject.to_owned(),
        text: format!("{before}\n\n{code}\n\n{after}\n"),
        html: format!(
            "{}<p><b>{}</b></p>{}",
            before.split("\n\n").map(paragraph).collect::<String>(),
            escaped(code),
            paragraph(&after)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_sent_in_the_guardians_language() {
        let of = |language: &str| {
            let code = Some("K7MF-90TX-21WD".into());
            letter(&CodeEmail { email: "ana@example.org".to_owned(), language: language.to_owned(), code })
        };
        for (language, subject) in [("es-MX", SPANISH.0), ("de", GERMAN.0), ("en-GB", ENGLISH.0), ("fr", ENGLISH.0)] {
            let letter = of(language);
            assert_eq!(letter.subject, subject);
            assert!(letter.text.contains("\n\nK7MF-90TX-21WD\n\n") && letter.html.contains("<b>K7MF-90TX-21WD</b>"));
            assert!(letter.text.contains("15 min") || letter.text.contains("15 Min"), "{}", letter.text);
        }
    }
}
