/** Texts to try the registered schemas with. Names and numbers are made up. */

/** @type {Record<string, string>} by schema */
export const EXAMPLES = {
  invoice: `Kestrel & Moor Office Supplies Ltd
14 Tannery Row, Leeds LS2 7AB

INVOICE No. KM-20417
Date: 3 November 2026
Due: 17 November 2026

To: Harbour Lane Dental Practice

2 × Desk lamp, brass          £84.00
5 × Paper, A4, 500 sheets     £23.75
1 × Delivery                   £6.50

Total due: £114.25

Please pay by bank transfer and give the number of the invoice.
`,
  receipt: `CAFÉ MIRABEL
Rue des Lilas 8, 1050 Brussels

12/11/2026 09:41      Table 4

1 Flat white            4.20
2 Croissant             5.60
1 Orange juice          4.90

TOTAL EUR              14.70
VAT 12 % included       1.58

Paid by card. Merci et à bientôt!
`,
  contact: `Hello Priya,

it was good to meet you at the fair. My details, as promised 🙂

Name: Dr. Zoë Lindqvist
Title: Head of Procurement
Company: Nordvik Turbines AB
Tel: +46 8 555 010 42
E-mail: zoe.lindqvist@nordvik.example
Web: www.nordvik.example
Address: Varvsgatan 27, 117 29 Stockholm

Best wishes
Zoë
`,
  event: `Subject: Autumn meeting of the garden committee

Dear all,

the next meeting takes place on 24 November 2026, from 18:30 to 20:00,
in the library's reading room, 3 Mill Street.

Invited are Amara Osei, Jonas Weber and Li Na. Please bring your lists
of seeds; tea will be provided.

Organizer: Helen Fairweather
`,
};

export const OWN_SCHEMA = `{
  "type": "object",
  "properties": {
    "title": { "type": "string" },
    "date": {
      "type": ["string", "null"],
      "description": "the day it is from"
    },
    "amounts": {
      "type": "array",
      "items": { "type": "number" }
    }
  },
  "required": ["title", "date", "amounts"]
}
`;
