//! Checks the tables of the line charts: each day, and the same day of the previous period.

use secrecy::SecretString;

use super::{plain, texts};

pub fn check(url: &SecretString, zone: &str, page: &str, n_days: i64, of: &str) {
    let minutes =
        "floor(coalesce(sum(extract(epoch from ended_at) - extract(epoch from started_at)), 0) / 60 + 1e-9)::text";
    let success = "coalesce(round(100.0::float8 * count(*) filter (where status = 'analyzed' and analyzed_at - ended_at <= interval '600 s')
        / nullif(count(*) filter (where ended_at is not null), 0)) || '%', '–')";
    for (caption, value) in [("Minutes per day", minutes), ("Analysis success", success)] {
        let (_, table) = page.split_once(&format!(r#"<caption class="vh">{caption}"#)).unwrap();
        let rows: Vec<String> = table.split("</table>").next().unwrap().split("<tr>").skip(2).map(plain).collect();
        assert_eq!(rows.len() as i64, n_days, "{caption}");
        for (i, shown) in rows.iter().enumerate() {
            let back = n_days - 1 - i as i64;
            let on = |back: i64| {
                let sql = format!(
                    "select {value} from sessions where {of}
                     and (created_at at time zone ZONE)::date = (now() at time zone ZONE)::date - {back}"
                );
                texts(url, &sql, zone)[0].clone()
            };
            // The first day of a month has the month's name instead of the weekday's.
            let label = format!(
                "select to_char(day, case when extract(day from day) = 1 then 'FMDD Mon' else 'Dy FMDD' end)
                 from (select (now() at time zone ZONE)::date - {back} as day) days"
            );
            let label = &texts(url, &label, zone)[0];
            assert_eq!(*shown, format!("{label} {} {}", on(back), on(back + n_days)), "{caption}");
        }
    }
}
