//! Words, numbers in digits and signs of a text, each with its place in the original.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, with apostrophes inside.
    Word,
    /// Digits, with separators inside.
    Digits,
    /// One sign.
    Sign(char),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind,
    /// In NFC, lower case, with plain apostrophes and digits.
    pub text: Cow<'a, str>,
    /// Bytes of the original.
    pub span: Range<usize>,
    /// Nothing is between this token and the one before.
    pub is_glued: bool,
    /// Written in capitals throughout.
    pub is_upper: bool,
}

/// The class of a byte. [`OTHER`] may be part of a character that is not ASCII, or an accent.
const LOWER: u8 = 1;
const UPPER: u8 = 2;
const LETTER: u8 = LOWER | UPPER;
const DIGIT: u8 = 4;
const BLANK: u8 = 8;
const OTHER: u8 = 16;

static CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            0..=b' ' | 0x7f => BLANK,
            b'`' => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Splits a text into tokens. Spaces and control characters separate them and are not returned.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token> = Vec::with_capacity(text.len() / 4 + 1);
    let mut start = 0;
    while let Some(first) = text.as_bytes().get(start) {
        if CLASSES[usize::from(*first)] == BLANK {
            start += 1;
            continue;
        }
        let Some((kind, end, classes)) = ascii(text.as_bytes(), start) else {
            start = any(text, start, &mut found);
            continue;
        };
        let piece = &text[start..end];
        if kind == Kind::Digits && is_list(piece) {
            push_list(&mut found, piece, start);
        } else {
            let is_upper = kind == Kind::Word && classes & LOWER == 0;
            let is_plain = classes & UPPER == 0;
            let piece = if is_plain { Cow::Borrowed(piece) } else { Cow::Owned(piece.to_ascii_lowercase()) };
            push(&mut found, kind, piece, start..end, is_upper);
        }
        start = end;
    }
    found
}

fn push<'a>(found: &mut Vec<Token<'a>>, kind: Kind, text: Cow<'a, str>, span: Range<usize>, is_upper: bool) {
    let is_glued = found.last().is_some_and(|before| before.span.end == span.start);
    found.push(Token { kind, text, span, is_glued, is_upper });
}

/// Returns the kind of the token that begins at `start`, its end and the classes of its bytes. `None`: it may have a
/// character that is not ASCII.
fn ascii(bytes: &[u8], start: usize) -> Option<(Kind, usize, u8)> {
    let class = |at: usize| bytes.get(at).map_or(BLANK, |byte| CLASSES[usize::from(*byte)]);
    let (mut end, mut classes) = (start + 1, class(start));
    let kind = match classes {
        LOWER | UPPER => {
            while class(end) & LETTER != 0 || bytes.get(end) == Some(&b'\'') && class(end + 1) & LETTER != 0 {
                classes |= class(end);
                end += 1;
            }
            Kind::Word
        }
        DIGIT => {
            let is_inner = |at: usize| matches!(bytes.get(at), Some(b'.' | b',' | b'\'')) && class(at + 1) == DIGIT;
            while class(end) == DIGIT || is_inner(end) {
                end += 1;
            }
            Kind::Digits
        }
        OTHER => return None,
        _ => return Some((Kind::Sign(char::from(bytes[start])), end, classes)),
    };
    // An accent, or an apostrophe before such a letter.
    (class(end) != OTHER && class(end + 1) != OTHER).then_some((kind, end, classes))
}

/// Reads the token or blank that begins at `start` and may have any characters. Returns its end.
fn any(text: &str, start: usize, found: &mut Vec<Token>) -> usize {
    let mut rest = text[start..].char_indices().map(|(at, c)| (start + at, c)).peekable();
    let Some((_, c)) = rest.next() else { return text.len() };
    let mut end = start + c.len_utf8();
    let c = plain(c);
    let mut piece = String::new();
    let kind = if c.is_alphabetic() {
        piece.push(c);
        while let Some((at, next)) = rest.peek().copied() {
            let next_plain = plain(next);
            let is_inner = is_apostrophe(next_plain)
                && text[at + next.len_utf8()..].chars().next().is_some_and(char::is_alphabetic);
            if !(next_plain.is_alphabetic() || is_combining_mark(next) || is_inner) {
                break;
            }
            piece.push(if is_inner { '\'' } else { next_plain });
            end = at + next.len_utf8();
            rest.next();
        }
        Kind::Word
    } else if c.is_ascii_digit() {
        piece.push(c);
        while let Some((at, next)) = rest.peek().copied() {
            let after = text[at + next.len_utf8()..].chars().next().map(plain);
            let next_plain = plain(next);
            let is_separator =
                matches!(next_plain, '.' | ',' | '\'' | '’') && after.is_some_and(|after| after.is_ascii_digit());
            if !(next_plain.is_ascii_digit() || is_separator) {
                break;
            }
            piece.push(if is_apostrophe(next_plain) { '\'' } else { next_plain });
            end = at + next.len_utf8();
            rest.next();
        }
        Kind::Digits
    } else if c.is_whitespace() || c.is_control() || is_combining_mark(c) || is_invisible(c) {
        return end;
    } else if let Some((top, bottom)) = vulgar(c) {
        piece = format!("{top}/{bottom}");
        Kind::Sign('½')
    } else if let Some(power) = superscript(c) {
        piece.push(power);
        Kind::Sign('^')
    } else {
        piece.push(c);
        Kind::Sign(c)
    };
    if kind == Kind::Digits && is_list(&piece) {
        push_list(found, &piece, start);
        return end;
    }
    let is_upper = kind == Kind::Word && piece.chars().all(|c| !c.is_lowercase());
    if kind == Kind::Word {
        piece = piece.to_lowercase().nfc().collect();
    }
    push(found, kind, Cow::Owned(piece), start..end, is_upper);
    end
}

/// Whether commas separate numbers: "1,2,3,6", but not "1,000,000".
fn is_list(digits: &str) -> bool {
    digits.matches(',').count() > 1 && digits.split(',').skip(1).any(|group| group.len() != 3)
}

fn push_list(found: &mut Vec<Token>, digits: &str, start: usize) {
    let mut at = start;
    let mut push = |kind: Kind, text: &str| {
        let is_glued = at > start || found.last().is_some_and(|before| before.span.end == at);
        found.push(Token {
            kind,
            text: Cow::Owned(text.to_owned()),
            span: at..at + text.len(),
            is_glued,
            is_upper: false,
        });
        at += text.len();
    };
    for (index, part) in digits.split(',').enumerate() {
        if index > 0 {
            push(Kind::Sign(','), ",");
        }
        push(Kind::Digits, part);
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '´' | '`')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// One form for the many forms of minus, dot, quotes, digits and full-width signs.
fn plain(c: char) -> char {
    match c {
        '−' | '–' | '—' | '‐' | '‑' | '‒' | '﹣' | '－' | '⁻' => '-',
        '×' | '✕' | '✖' | '∙' | '⋅' | '·' => '×',
        '÷' | '∕' | '⁄' => {
            if c == '÷' {
                '÷'
            } else {
                '/'
            }
        }
        '∶' | '：' => ':',
        '＜' => '<',
        '＞' => '>',
        '＝' => '=',
        '⩽' => '≤',
        '⩾' => '≥',
        'º' | '˚' => '°',
        '‘' | '’' | 'ʼ' | '´' | '`' => '’',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '٠'..='٩' => char::from_digit(u32::from(c) - 0x660, 10).unwrap_or(c),
        _ => c,
    }
}

fn vulgar(c: char) -> Option<(u8, u8)> {
    Some(match c {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅐' => (1, 7),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        '⅑' => (1, 9),
        '⅒' => (1, 10),
        _ => return None,
    })
}

fn superscript(c: char) -> Option<char> {
    Some(match c {
        '²' => '2',
        '³' => '3',
        '¹' => '1',
        '⁰' => '0',
        '⁴'..='⁹' => char::from_digit(u32::from(c) - 0x2070, 10)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text.into_owned()).collect()
    }

    #[test]
    fn tokens_are_words_digits_and_signs() {
        assert_eq!(shown("It's −3,5 cm², no: ½!"), ["it's", "-", "3,5", "cm", "2", ",", "no", ":", "1/2", "!"]);
        assert_eq!(shown("S-A-I-D"), ["s", "-", "a", "-", "i", "-", "d"]);
        assert_eq!(shown("7x ＋ 1.000,50 €"), ["7", "x", "+", "1.000,50", "€"]);
        assert_eq!(shown("A\u{301}rbol l’albero"), ["árbol", "l'albero"]);
    }

    #[test]
    fn spans_are_of_the_original() {
        let text = "sí, ½ of 12 Äpfel";
        for token in tokens(text) {
            assert!(!text[token.span.clone()].is_empty());
        }
        let last = tokens(text).pop().unwrap();
        assert_eq!(&text[last.span], "Äpfel");
    }
}
