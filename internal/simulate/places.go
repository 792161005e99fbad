package simulate

// place is a city in which people of Contoso work or to which they travel.
type place struct {
	city, state, country string
	lat, lon             string // decimal degrees
	asn                  string // of its office and homes, from the ranges for documentation and private use
	offset               int    // minutes ahead of UTC; summer time is left out
	weight               int    // share of the people who live there
}

var places = []place{
	{"Gothenburg", "Vastra Gotalands Lan", "SE", "57.70716", "11.96679", "64496", 60, 30},
	{"Stockholm", "Stockholms Lan", "SE", "59.33258", "18.06490", "64496", 60, 15},
	{"Oslo", "Oslo", "NO", "59.91273", "10.74609", "64497", 60, 8},
	{"Copenhagen", "Hovedstaden", "DK", "55.67594", "12.56553", "64498", 60, 6},
	{"Hamburg", "Hamburg", "DE", "53.55073", "9.99302", "64499", 60, 8},
	{"Lyon", "Rhone", "FR", "45.74846", "4.84671", "64500", 60, 5},
	{"Manchester", "Manchester", "GB", "53.48095", "-2.23743", "64501", 0, 6},
	{"Warsaw", "Mazowieckie", "PL", "52.22977", "21.01178", "64502", 60, 4},
	{"Boston", "Massachusetts", "US", "42.35843", "-71.05977", "64503", -300, 8},
	{"Denver", "Colorado", "US", "39.73915", "-104.98470", "64504", -420, 3},
	{"Pune", "Maharashtra", "IN", "18.51957", "73.85535", "64505", 330, 5},
	{"Singapore", "", "SG", "1.28967", "103.85007", "64506", 480, 2},
}

// abroad are the places that only travellers sign in from.
var abroad = []place{
	{"Lisbon", "Lisboa", "PT", "38.71667", "-9.13333", "64507", 0, 1},
	{"Rome", "Roma", "IT", "41.89193", "12.51133", "64508", 60, 1},
	{"Toronto", "Ontario", "CA", "43.70011", "-79.41630", "64509", -300, 1},
	{"Tokyo", "Tokyo", "JP", "35.68950", "139.69171", "64510", 540, 1},
	{"Sao Paulo", "Sao Paulo", "BR", "-23.54750", "-46.63611", "64511", -180, 1},
	{"Nairobi", "Nairobi Area", "KE", "-1.28333", "36.81667", "65536", 180, 1},
}

// activity is how busy an hour of a working day is compared with the busiest.
var activityByHour = [24]float64{
	0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 0.25, 0.8, 1, 0.85, 0.8, 0.7, 0.6, 0.85, 0.8, 0.7, 0.55, 0.3, 0.15, 0.12, 0.1, 0.08, 0.04, 0.02,
}

const weekendActivity = 0.07
