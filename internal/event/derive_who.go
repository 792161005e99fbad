package event

import (
	"strings"

	"github.com/entrawatch/entrawatch/sigma"
)

// Who did something and whom it was done to is written differently by every
// log. These derivations bring it to one shape.

// objectID returns s if it looks like an object id. Real samples have ids
// anonymised with letters beyond f, so only the shape counts.
func objectID(s string) string {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s == "00000000-0000-0000-0000-000000000000" {
		return ""
	}
	return s
}

// userName returns s unless it is no name: an id that could not be resolved,
// or a word for nothing.
func userName(s string) string {
	if objectID(s) != "" || nothing(s) {
		return ""
	}
	return s
}

func signinActor(e *Event, field int) {
	user := firstOf(objectID(e.Text(FUserID)), userName(e.Text(FUPN)))
	if e.Sub == ServicePrincipalSignin || e.Sub == ManagedIdentity || user == "" && e.Text(FSPID) != "" {
		switch field {
		case FActorType:
			e.set(field, "app")
		case FActorID:
			e.set(field, firstOf(objectID(e.Text(FSPID)), objectID(e.Text(FAppID))))
		case FActorName:
			e.set(field, firstOf(e.Text(FSPName), e.Text(FAppName)))
		}
		return
	}
	switch field {
	case FActorType:
		if user != "" {
			e.set(field, "user")
		}
	case FActorID:
		e.set(field, objectID(e.Text(FUserID)))
	case FActorName:
		e.set(field, userName(e.Text(FUPN)))
	}
}

const officeApp = "ServicePrincipal_"

func auditActor(e *Event, field int) {
	if e.Format == O365 {
		officeActor(e, field)
		return
	}
	upn, id := e.Text(FActorUPN), e.Text(FActorUserID)
	if upn == "" && id == "" && e.Text(FActorSPID) == "" && e.Text(FActorAppID) == "" {
		// B2C writes people and applications alike as an application that
		// has nothing but a name: a user principal name, or an id.
		switch name := firstOf(e.Text(FActorAppName), e.Text(FActorSPName)); {
		case strings.Contains(name, "@"):
			upn = name
		case objectID(name) != "":
			nameless(e, field, name)
			return
		}
	}
	app := firstOf(e.Text(FActorAppName), e.Text(FActorSPName), e.Text(FActorSPID), e.Text(FActorAppID))
	isUser := upn != "" || id != "" || app == ""
	switch field {
	case FActorType:
		switch {
		case app != "" && !isUser:
			e.set(field, "app")
		case upn != "" || id != "" || e.Text(FActorUserName) != "":
			e.set(field, "user")
		}
	case FActorID:
		if isUser {
			e.set(field, objectID(id))
		} else {
			e.set(field, objectID(e.Text(FActorSPID)))
		}
	case FActorName:
		if isUser {
			e.set(field, firstOf(userName(upn), e.Text(FActorUserName)))
		} else {
			e.set(field, firstOf(e.Text(FActorAppName), e.Text(FActorSPName)))
		}
	case FActorApp:
		e.set(field, objectID(e.Text(FActorAppID)))
	}
}

// nameless is an actor of which the log gives an id and nothing else. Whether
// it is of an application or of its service principal it does not say.
func nameless(e *Event, field int, id string) {
	switch field {
	case FActorType:
		e.set(field, "app")
	case FActorID, FActorApp, FActorName:
		e.set(field, id)
	}
}

// officeActor reads the actor list of the unified audit log: items of type 2
// are the object's class, its id, and "Class_id".
func officeActor(e *Event, field int) {
	user := e.Text(FOfficeUser)
	class, id := officeObject(e, FOfficeActorObject)
	isApp := strings.HasPrefix(user, officeApp) || user == "Certificate" ||
		strings.EqualFold(class, "serviceprincipal") || strings.EqualFold(class, "application")
	if isApp && id == "" {
		// As above: B2C.
		switch name := e.Text(FOfficeActorName); {
		case strings.Contains(name, "@"):
			isApp, user = false, name
		case objectID(name) != "":
			nameless(e, field, name)
			return
		}
	}
	switch field {
	case FActorType:
		if isApp {
			e.set(field, "app")
		} else if user != "" {
			e.set(field, "user")
		}
	case FActorID:
		e.set(field, firstOf(id, objectID(strings.TrimPrefix(user, officeApp))))
	case FActorName:
		if !isApp {
			e.set(field, userName(user))
			return
		}
		e.set(field, e.Text(FOfficeActorName))
	case FActorApp:
		if isApp {
			e.set(field, objectID(e.Text(FOfficeActorSPN)))
		}
	}
}

// officeObject reads class and object id out of the items of type 2: the id,
// the class, and both joined. The class alone has the last word.
func officeObject(e *Event, field int) (class, id string) {
	joined := ""
	for i := 0; ; i++ {
		v, ok := e.Value(field, i)
		if !ok {
			return firstOf(class, joined), id
		}
		if o := objectID(v.Text); o != "" {
			id = o
		} else if head, tail, ok := strings.Cut(v.Text, "_"); ok && objectID(tail) != "" {
			joined = head
			id = firstOf(id, tail)
		} else if class == "" {
			class = v.Text
		}
	}
}

// auditTargets gives each target's value its place, so that id, name and type
// of one target can be put together again.
func auditTargets(e *Event, field int) {
	if e.Format == O365 {
		class, id := officeObject(e, FOfficeTargetObject)
		switch field {
		case FTargetsID:
			e.set(field, id)
		case FTargetsName:
			e.set(field, firstOf(cleanUPN(e.Text(FOfficeTargetUPN)), userName(e.Text(FOfficeTargetName))))
		case FTargetsUPN:
			e.set(field, cleanUPN(e.Text(FOfficeTargetUPN)))
		case FTargetsType:
			e.set(field, foldTargetType(class))
		}
		return
	}
	n := max(e.Elems(FTargetID), e.Elems(FTargetName), e.Elems(FTargetType), e.Elems(FTargetUPN))
	for i := range n {
		var text string
		switch field {
		case FTargetsID:
			text = objectID(e.TextAt(FTargetID, i))
		case FTargetsName:
			text = firstOf(cleanUPN(e.TextAt(FTargetUPN, i)), userName(e.TextAt(FTargetName, i)))
		case FTargetsUPN:
			text = cleanUPN(e.TextAt(FTargetUPN, i))
		case FTargetsType:
			text = e.TextAt(FTargetType, i)
		}
		if text != "" {
			e.Put(field, 0, Value{Kind: sigma.String, Text: text}, i)
		}
	}
}

// foldTargetType writes types as the logs do: rules put blanks into them.
func foldTargetType(s string) string {
	s = strings.ReplaceAll(s, " ", "")
	switch strings.ToLower(s) {
	case "user":
		return "User"
	case "serviceprincipal":
		return "ServicePrincipal"
	case "application":
		return "Application"
	case "group":
		return "Group"
	}
	return s
}

// cleanUPN strips the 32 hex digits of the object id that a deleted user's
// name carries in front.
func cleanUPN(s string) string {
	if len(s) > 33 {
		hex := true
		for i := 0; i < 32 && hex; i++ {
			c := s[i] | 0x20
			hex = c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		}
		if hex {
			s = strings.TrimPrefix(s[32:], "_")
		}
	}
	return userName(s)
}

func targetUser(e *Event, field int) {
	if e.Format == O365 {
		class, id := officeObject(e, FOfficeTargetObject)
		switch {
		case field == FUser && strings.EqualFold(class, "user"):
			e.set(field, id)
		case field == FUserName:
			e.set(field, cleanUPN(e.Text(FOfficeTargetUPN)))
		}
		return
	}
	n := max(e.Elems(FTargetID), e.Elems(FTargetType), e.Elems(FTargetUPN))
	for i := range n {
		upn := cleanUPN(e.TextAt(FTargetUPN, i))
		if upn == "" && !strings.EqualFold(e.TextAt(FTargetType, i), "User") {
			continue
		}
		if field == FUser {
			e.set(field, objectID(e.TextAt(FTargetID, i)))
		} else {
			e.set(field, upn)
		}
		return
	}
}
