"""Maharashtra, Goa and Gujarat."""

from app.records.sample_names.region import Region, spellings, towns

MARATHI = Region(
    women=spellings("""
        Ananya=अनन्या Sneha=स्नेहा Vaishali=वैशाली Manisha=मनीषा Swati=स्वाती Smita=स्मिता Madhuri=माधुरी
        Rohini=रोहिणी Sayali=सायली Gauri=गौरी Ashwini=अश्विनी Shubhangi=शुभांगी Mrunal=मृणाल Tejaswini=तेजस्विनी
    """),
    men=spellings("""
        Sachin=सचिन Prakash=प्रकाश Nitin=नितीन Ganesh=गणेश Mahesh=महेश Prashant=प्रशांत Sandeep=संदीप
        Ajit=अजित Vinayak=विनायक Shrikant=श्रीकांत Tushar=तुषार Sagar=सागर Aniket=अनिकेत Omkar=ओंकार
    """),
    surnames=spellings("""
        Deshpande=देशपांडे Kulkarni=कुलकर्णी Patil=पाटील Jadhav=जाधव Pawar=पवार Shinde=शिंदे Kadam=कदम
        More=मोरे Gaikwad=गायकवाड Bhosale=भोसले Chavan=चव्हाण Gokhale=गोखले Apte=आपटे Naik=नाईक
    """),
    towns=towns("""
        Pune=पुणे=Maharashtra=411
        Mumbai=मुंबई=Maharashtra=400
        Nagpur=नागपूर=Maharashtra=440
        Nashik=नाशिक=Maharashtra=422
        Kolhapur=कोल्हापूर=Maharashtra=416
        Satara=सातारा=Maharashtra=415
        Panaji=पणजी=Goa=403
    """),
    habits=("{given} {surname}", "{given} {surname}", "{given} {father} {surname}"),
)

GUJARATI = Region(
    women=spellings("""
        Hetal=હેતલ Bhavna=ભાવના Jignasha=જિજ્ઞાશા Kinjal=કિંજલ Rupal=રૂપલ Dipti=દીપ્તિ Parul=પારુલ
        Mital=મિતલ Nita=નીતા Urvi=ઉર્વી Zarna=ઝરણા Vaidehi=વૈદેહી
    """),
    men=spellings("""
        Jignesh=જિજ્ઞેશ Hitesh=હિતેશ Bhavesh=ભાવેશ Chirag=ચિરાગ Ketan=કેતન Paresh=પરેશ Kirit=કિરીટ
        Dhaval=ધવલ Mehul=મેહુલ Nilesh=નીલેશ Jayesh=જયેશ Umesh=ઉમેશ
    """),
    surnames=spellings("""
        Patel=પટેલ Shah=શાહ Mehta=મહેતા Desai=દેસાઈ Trivedi=ત્રિવેદી Parmar=પરમાર Solanki=સોલંકી
        Dave=દવે Vyas=વ્યાસ Modi=મોદી Gohil=ગોહિલ Zaveri=ઝવેરી
    """),
    towns=towns("""
        Ahmedabad=અમદાવાદ=Gujarat=380
        Surat=સુરત=Gujarat=395
        Vadodara=વડોદરા=Gujarat=390
        Rajkot=રાજકોટ=Gujarat=360
        Bhavnagar=ભાવનગર=Gujarat=364
        Jamnagar=જામનગર=Gujarat=361
    """),
    habits=("{given} {surname}", "{given} {father} {surname}", "{given} {father} {surname}"),
)

GOAN = Region(
    women=spellings("""
        Maria=Maria Rosa=Rosa Fatima=Fatima Lourdes=Lourdes Teresa=Teresa Anjali=Anjali Olga=Olga Zelia=Zelia
    """),
    men=spellings("""
        Joseph=Joseph Anthony=Anthony Francis=Francis Xavier=Xavier Agnelo=Agnelo Savio=Savio Peter=Peter Lino=Lino
    """),
    surnames=spellings("""
        D’Souza=D’Souza Fernandes=Fernandes Pereira=Pereira Rodrigues=Rodrigues D’Costa=D’Costa Lobo=Lobo
        Menezes=Menezes Noronha=Noronha
    """),
    towns=towns("""
        Margao=मडगांव=Goa=403
        Mapusa=म्हापसा=Goa=403
        Vasco da Gama=वास्को द गामा=Goa=403
    """),
    habits=("{given} {surname}",),
)

REGIONS = (MARATHI, MARATHI, GUJARATI, GOAN)
