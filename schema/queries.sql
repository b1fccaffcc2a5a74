-- user_version
PRAGMA user_version;
