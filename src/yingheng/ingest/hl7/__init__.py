"""HL7 version 2: frames, characters, segments, and what messages say of orders, reports and patients.  No Django."""
