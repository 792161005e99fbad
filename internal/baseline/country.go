package baseline

import "strings"

// isoCountries are the codes of ISO 3166-1 alpha-2, and XK, which sign-in logs
// use for Kosovo.
const isoCountries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

// country checks one entry of a list and returns it in upper case.
func (p *parser) country(it item) (string, bool) {
	code := strings.ToUpper(it.text)
	if len(code) == 2 && strings.Contains(" "+isoCountries+" ", " "+code+" ") {
		return code, true
	}
	hint := "use the two letters of ISO 3166, like SE"
	switch code {
	case "UK":
		hint = "the code of the United Kingdom is GB"
	case "EL":
		hint = "the code of Greece is GR"
	case "FALSE":
		hint = `quote "NO"`
	}
	p.fail(it.at, hint, "%q is not a country code", it.text)
	return "", false
}

// countrySet holds country codes, one bit each.
type countrySet [26 * 26]bool

func newCountrySet(codes []string) *countrySet {
	s := new(countrySet)
	for _, c := range codes {
		if i, ok := countryIndex(c); ok {
			s[i] = true
		}
	}
	return s
}

func countryIndex(code string) (int, bool) {
	if len(code) != 2 {
		return 0, false
	}
	a, b := code[0]&^0x20-'A', code[1]&^0x20-'A'
	if a >= 26 || b >= 26 {
		return 0, false
	}
	return int(a)*26 + int(b), true
}

func (s *countrySet) has(code string) bool {
	i, ok := countryIndex(code)
	return ok && s[i]
}
