-- A digest asks for each person which alerts they were told of: it finds their messages without reading everybody's.
CREATE INDEX messages_by_recipient ON messages (recipient_id, id);
