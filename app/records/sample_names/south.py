"""Tamil Nadu, Kerala, Karnataka, Andhra Pradesh and Telangana."""

from app.records.sample_names.region import Region, Spelling, spellings, towns

TAMIL = Region(
    women=spellings("""
        Meenakshi=மீனாட்சி Lakshmi=லட்சுமி Kavitha=கவிதா Selvi=செல்வி Malathi=மாலதி Revathi=ரேவதி
        Vasanthi=வசந்தி Kalaivani=கலைவாணி Thenmozhi=தேன்மொழி Gayathri=காயத்ரி Yazhini=யாழினி Amudha=அமுதா
    """),
    men=spellings("""
        Murugan=முருகன் Senthil=செந்தில் Karthik=கார்த்திக் Saravanan=சரவணன் Palani=பழனி Kumaran=குமரன்
        Ezhil=எழில் Muthu=முத்து Velu=வேலு Arivu=அறிவு Tamilselvan=தமிழ்செல்வன் Balaji=பாலாஜி
    """),
    surnames=spellings("""
        Sundaram=சுந்தரம் Subramanian=சுப்பிரமணியன் Ramasamy=ராமசாமி Natarajan=நடராஜன் Krishnan=கிருஷ்ணன்
        Pandian=பாண்டியன் Govindan=கோவிந்தன் Chelliah=செல்லையா Venkatesan=வெங்கடேசன் Arumugam=ஆறுமுகம்
        Duraisamy=துரைசாமி Ilango=இளங்கோ
    """),
    towns=towns("""
        Madurai=மதுரை=Tamil Nadu=625
        Chennai=சென்னை=Tamil Nadu=600
        Coimbatore=கோயம்புத்தூர்=Tamil Nadu=641
        Salem=சேலம்=Tamil Nadu=636
        Tiruchirappalli=திருச்சிராப்பள்ளி=Tamil Nadu=620
        Thanjavur=தஞ்சாவூர்=Tamil Nadu=613
        Puducherry=புதுச்சேரி=Puducherry=605
    """),
    habits=("{initial}. {given}", "{initial}. {given}", "{given} {surname}", "{given}"),
)

MALAYALAM = Region(
    women=spellings("""
        Deepa=ദീപ Sreedevi=ശ്രീദേവി Bindu=ബിന്ദു Latha=ലത Sindhu=സിന്ധു Ammini=അമ്മിണി Remya=രമ്യ
        Parvathy=പാർവ്വതി Leela=ലീല Shyla=ഷൈല
    """),
    men=spellings("""
        Suresh=സുരേഷ് Anil=അനിൽ Biju=ബിജു Rajan=രാജൻ Unni=ഉണ്ണി Sreekumar=ശ്രീകുമാർ Vinod=വിനോദ്
        Manoj=മനോജ് Jayan=ജയൻ Gopi=ഗോപി
    """),
    surnames=spellings("""
        Nair=നായർ Menon=മേനോൻ Pillai=പിള്ള Kurup=കുറുപ്പ് Varma=വർമ്മ Nambiar=നമ്പ്യാർ Panicker=പണിക്കർ
        Thomas=തോമസ് Kurian=കുര്യൻ Mathew=മാത്യു
    """),
    towns=towns("""
        Kochi=കൊച്ചി=Kerala=682
        Thiruvananthapuram=തിരുവനന്തപുരം=Kerala=695
        Kozhikode=കോഴിക്കോട്=Kerala=673
        Thrissur=തൃശ്ശൂർ=Kerala=680
        Alappuzha=ആലപ്പുഴ=Kerala=688
    """),
    habits=("{given} {surname}", "{given} {surname}", "{initial}. {given}", "{given}"),
)

KANNADA = Region(
    women=spellings("""
        Savitha=ಸವಿತಾ Roopa=ರೂಪಾ Shobha=ಶೋಭಾ Pavithra=ಪವಿತ್ರಾ Bhagya=ಭಾಗ್ಯ Nandini=ನಂದಿನಿ Vidya=ವಿದ್ಯಾ
        Chaitra=ಚೈತ್ರಾ Sumathi=ಸುಮತಿ Asha=ಆಶಾ
    """),
    men=spellings("""
        Basavaraj=ಬಸವರಾಜ್ Manjunath=ಮಂಜುನಾಥ್ Raghavendra=ರಾಘವೇಂದ್ರ Shivakumar=ಶಿವಕುಮಾರ್ Nagaraj=ನಾಗರಾಜ್
        Prakash=ಪ್ರಕಾಶ್ Girish=ಗಿರೀಶ್ Chethan=ಚೇತನ್ Lokesh=ಲೋಕೇಶ್ Mahadev=ಮಹಾದೇವ್
    """),
    surnames=spellings("""
        Gowda=ಗೌಡ Hegde=ಹೆಗಡೆ Shetty=ಶೆಟ್ಟಿ Rao=ರಾವ್ Kamath=ಕಾಮತ್ Bhat=ಭಟ್ Patil=ಪಾಟೀಲ್ Acharya=ಆಚಾರ್ಯ
        Murthy=ಮೂರ್ತಿ Urs=ಅರಸ್
    """),
    towns=towns("""
        Bengaluru=ಬೆಂಗಳೂರು=Karnataka=560
        Mysuru=ಮೈಸೂರು=Karnataka=570
        Hubballi=ಹುಬ್ಬಳ್ಳಿ=Karnataka=580
        Mangaluru=ಮಂಗಳೂರು=Karnataka=575
        Belagavi=ಬೆಳಗಾವಿ=Karnataka=590
    """),
    habits=("{given} {surname}", "{given} {initial}", "{given}"),
)

TELUGU = Region(
    women=spellings("""
        Padmavathi=పద్మావతి Sirisha=శిరీష Swapna=స్వప్న Lavanya=లావణ్య Jhansi=ఝాన్సీ Aruna=అరుణ
        Bhavani=భవాని Madhavi=మాధవి Sujatha=సుజాత Haritha=హరిత
    """),
    men=spellings("""
        Venkatesh=వెంకటేష్ Srinivas=శ్రీనివాస్ Ravi=రవి Nagarjuna=నాగార్జున Krishna=కృష్ణ Prasad=ప్రసాద్
        Chandra=చంద్ర Ramana=రమణ Sudhakar=సుధాకర్ Kiran=కిరణ్
    """),
    surnames=spellings("""
        Reddy=రెడ్డి Naidu=నాయుడు Chowdary=చౌదరి Raju=రాజు Varma=వర్మ Sastry=శాస్త్రి Goud=గౌడ్ Yadav=యాదవ్
        Babu=బాబు Murthy=మూర్తి
    """),
    towns=towns("""
        Hyderabad=హైదరాబాద్=Telangana=500
        Warangal=వరంగల్=Telangana=506
        Vijayawada=విజయవాడ=Andhra Pradesh=520
        Visakhapatnam=విశాఖపట్నం=Andhra Pradesh=530
        Guntur=గుంటూరు=Andhra Pradesh=522
        Tirupati=తిరుపతి=Andhra Pradesh=517
    """),
    habits=("{given} {surname}", "{initial}. {given} {surname}", "{given} {title} {surname}"),
    titles=(Spelling("Devi", "దేవి"), Spelling("Kumar", "కుమార్")),
)

REGIONS = (TAMIL, TAMIL, MALAYALAM, KANNADA, TELUGU, TELUGU)
