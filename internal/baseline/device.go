package baseline

import "strings"

// device is one entry of a list of devices: an id, or a pattern of names.
type device struct {
	text   string
	byName bool
}

func (p *parser) device(it item) (device, bool) {
	if name, ok := cutPrefixFold(it.text, "name:"); ok {
		if name == "" {
			p.fail(it.at, "write name:PAW-*", "names no device")
			return device{}, false
		}
		return device{name, true}, true
	}
	if !isGUID(it.text) {
		p.fail(it.at, "write the device id, or name:"+it.text, "%q is not a device id", it.text)
		return device{}, false
	}
	return device{it.text, false}, true
}

// cutPrefixFold cuts a prefix without regard to case and the blanks behind it.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return strings.TrimSpace(s[len(prefix):]), true
}

type deviceSet struct{ ids, names *nameSet }

func newDeviceSet(list []device) *deviceSet {
	s := &deviceSet{newNameSet(nil), newNameSet(nil)}
	for _, d := range list {
		if d.byName {
			s.names.add(d.text)
		} else {
			s.ids.add(d.text)
		}
	}
	return s
}

// has reports whether the device is in the set; known is false if the record
// names no device.
func (s *deviceSet) has(id, name string) (in, known bool) {
	if id == "" && name == "" {
		return false, false
	}
	return s.ids.has(id) || s.names.has(name), true
}
