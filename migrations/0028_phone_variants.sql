-- A line in Mexico and in Argentina has two forms in E.164. Numbers are now read in the form without the 1 and the 9.
update student_phones p set phone = regexp_replace(phone, '^\+(52)1|^\+(54)9', '+\1\2')
where phone ~ '^\+(521|549)[0-9]{10}$'
  and not exists (select from student_phones q where q.student_id = p.student_id
                  and q.phone = regexp_replace(p.phone, '^\+(52)1|^\+(54)9', '+\1\2'));
