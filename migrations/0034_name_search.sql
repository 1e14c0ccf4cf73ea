-- Names are found as people type them: without accents, apostrophes, case and the difference between hyphen and space, so
-- that "jose" finds José and "dandre" finds D’Andre. Adding stored columns rewrites the table: about one second for 100 000
-- students.

-- The same as fold_name in shared/src/plain_text.rs, whatever the collation of the database: change both. Greek and Cyrillic
-- capitals are listed because lower() knows ASCII alone in some collations.
create function fold_name(name text) returns text language sql immutable strict parallel safe
return btrim(regexp_replace(translate(
    replace(replace(replace(replace(
        lower(translate(
            regexp_replace(
                normalize(translate(name, '''`´ʻʼ‘’‛′＇', ''), NFKD),
                '[\u0001-\u0008\u000e-\u001f\u00ad\u0300-\u036f\u0591-\u05c7\u061c\u0640\u064b-\u065f\u0670\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]',
                '', 'g'),
            'ØŁĐÐÞÆŒẞĦŊƏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІҐЂЋЏЉЊЅЈ',
            'øłđðþæœßħŋəαβγδεζηθικλμνξοπρστυφχψωабвгдежзиклмнопрстуфхцчшщъыьэюяєіґђћџљњѕј')),
        'ß', 'ss'), 'þ', 'th'), 'æ', 'ae'), 'œ', 'oe'),
    'ıøłđðħς-‐‑‒–—―_.', 'iolddhσ        '), '\s+', ' ', 'g'));

-- The words of a name, with an apostrophe read as nothing and as a gap: "dandre" and "andre" both find D’Andre. Without the
-- parser of the text search, whose words depend on the collation.
create function name_words(name text) returns tsvector language sql immutable strict parallel safe
return array_to_tsvector(array_remove(regexp_split_to_array(
    fold_name(name) || ' ' || fold_name(translate(name, '''`´ʻʼ‘’‛′＇', '          ')), '[\s!-/:-@\[-`{-~]+'), ''));

alter table students
    add column name_key text not null generated always as (fold_name(display_name)) stored,
    add column name_words tsvector not null generated always as (name_words(display_name)) stored;

-- An import finds students without a number by their name.
create index students_name_key_idx on students (name_key);

drop index students_name_words_idx;
create index students_name_words_idx on students using gin (name_words);
