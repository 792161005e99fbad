// Package blob reads the containers of an Azure Storage account to which Azure
// Monitor archives logs: one blob for each resource and hour, which grows while
// the hour lasts. A stream is a folder of such hours within a container; its
// cursor says how far each blob of the last hours was read, and before which hour
// everything was.
//
// Lines are handed on as they are, when they are complete. What is not made of
// lines of JSON, and what is compressed, is handed on whole. It knows nothing of
// records, and changes nothing in the account.
package blob
