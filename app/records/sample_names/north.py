"""The Hindi-speaking states, Punjab, and Urdu speakers of the north."""

from app.records.sample_names.region import Region, Spelling, spellings, towns

HINDI = Region(
    women=spellings("""
        Anita=अनिता Sunita=सुनीता Kavita=कविता Pooja=पूजा Neha=नेहा Rekha=रेखा Geeta=गीता Seema=सीमा
        Priya=प्रिया Shanti=शांति Kamla=कमला Usha=उषा Nisha=निशा Asha=आशा Radha=राधा Sarita=सरिता
        Meena=मीना Lata=लता Suman=सुमन Ritu=ऋतु Jyoti=ज्योति Komal=कोमल Vandana=वंदना Archana=अर्चना
    """),
    men=spellings("""
        Rajesh=राजेश Suresh=सुरेश Mukesh=मुकेश Ramesh=रमेश Amit=अमित Vijay=विजय Sanjay=संजय Anil=अनिल
        Sunil=सुनील Manoj=मनोज Ashok=अशोक Dinesh=दिनेश Rakesh=राकेश Vikas=विकास Deepak=दीपक Rahul=राहुल
        Mohan=मोहन Gopal=गोपाल Shyam=श्याम Harish=हरीश Naveen=नवीन Pankaj=पंकज Rohit=रोहित Arun=अरुण
    """),
    surnames=spellings("""
        Sharma=शर्मा Verma=वर्मा Gupta=गुप्ता Mishra=मिश्रा Tiwari=तिवारी Yadav=यादव Pandey=पाण्डेय
        Singh=सिंह Saxena=सक्सेना Agarwal=अग्रवाल Chauhan=चौहान Dubey=दुबे Joshi=जोशी Maurya=मौर्य
        Kushwaha=कुशवाहा Rathore=राठौड़ Bhatt=भट्ट Negi=नेगी Rawat=रावत Jain=जैन
    """),
    towns=towns("""
        Lucknow=लखनऊ=Uttar Pradesh=226
        Kanpur=कानपुर=Uttar Pradesh=208
        Varanasi=वाराणसी=Uttar Pradesh=221
        Agra=आगरा=Uttar Pradesh=282
        Jaipur=जयपुर=Rajasthan=302
        Udaipur=उदयपुर=Rajasthan=313
        Bhopal=भोपाल=Madhya Pradesh=462
        Indore=इंदौर=Madhya Pradesh=452
        Patna=पटना=Bihar=800
        Gaya=गया=Bihar=823
        Dehradun=देहरादून=Uttarakhand=248
        New Delhi=नई दिल्ली=Delhi=110
        Raipur=रायपुर=Chhattisgarh=492
        Ranchi=रांची=Jharkhand=834
    """),
    habits=("{given} {surname}", "{given} {surname}", "{given} {title} {surname}", "{given}"),
    titles=(Spelling("Devi", "देवी"), Spelling("Kumar", "कुमार")),
)

PUNJABI = Region(
    women=spellings("""
        Harpreet=ਹਰਪ੍ਰੀਤ Simran=ਸਿਮਰਨ Manpreet=ਮਨਪ੍ਰੀਤ Jaspreet=ਜਸਪ੍ਰੀਤ Amrit=ਅੰਮ੍ਰਿਤ Kiran=ਕਿਰਨ
        Rajwant=ਰਾਜਵੰਤ Navneet=ਨਵਨੀਤ Gurleen=ਗੁਰਲੀਨ Paramjit=ਪਰਮਜੀਤ Balwinder=ਬਲਵਿੰਦਰ Sukhdeep=ਸੁਖਦੀਪ
    """),
    men=spellings("""
        Gurpreet=ਗੁਰਪ੍ਰੀਤ Jaswinder=ਜਸਵਿੰਦਰ Kulwant=ਕੁਲਵੰਤ Baldev=ਬਲਦੇਵ Manjit=ਮਨਜੀਤ Satnam=ਸਤਨਾਮ
        Amarjit=ਅਮਰਜੀਤ Harjit=ਹਰਜੀਤ Surinder=ਸੁਰਿੰਦਰ Daljit=ਦਲਜੀਤ Ranjit=ਰਣਜੀਤ Tejinder=ਤੇਜਿੰਦਰ
    """),
    surnames=spellings("""
        Gill=ਗਿੱਲ Sandhu=ਸੰਧੂ Sidhu=ਸਿੱਧੂ Dhillon=ਢਿੱਲੋਂ Grewal=ਗਰੇਵਾਲ Bajwa=ਬਾਜਵਾ Brar=ਬਰਾੜ Mann=ਮਾਨ
        Chahal=ਚਾਹਲ Virk=ਵਿਰਕ Saini=ਸੈਣੀ Bedi=ਬੇਦੀ
    """),
    towns=towns("""
        Amritsar=ਅੰਮ੍ਰਿਤਸਰ=Punjab=143
        Ludhiana=ਲੁਧਿਆਣਾ=Punjab=141
        Jalandhar=ਜਲੰਧਰ=Punjab=144
        Patiala=ਪਟਿਆਲਾ=Punjab=147
        Bathinda=ਬਠਿੰਡਾ=Punjab=151
        Chandigarh=ਚੰਡੀਗੜ੍ਹ=Chandigarh=160
    """),
    habits=("{given} {title}", "{given} {title} {surname}", "{given} {title} {surname}"),
    titles=(Spelling("Kaur", "ਕੌਰ"), Spelling("Singh", "ਸਿੰਘ")),
)

URDU = Region(
    women=spellings("""
        Ayesha=عائشہ Fatima=فاطمہ Zainab=زینب Shabana=شبانہ Nasreen=نسرین Rukhsana=رخسانہ Sana=ثنا
        Farida=فریدہ Mumtaz=ممتاز Yasmin=یاسمین Salma=سلمیٰ Noor=نور
    """),
    men=spellings("""
        Imran=عمران Salim=سلیم Aslam=اسلم Javed=جاوید Rashid=راشد Faisal=فیصل Iqbal=اقبال Nadeem=ندیم
        Shakeel=شکیل Tariq=طارق Yusuf=یوسف Zahid=زاہد
    """),
    surnames=spellings("""
        Khan=خان Ansari=انصاری Qureshi=قریشی Siddiqui=صدیقی Sheikh=شیخ Mirza=مرزا Hussain=حسین Ali=علی
        Ahmad=احمد Rizvi=رضوی Naqvi=نقوی Malik=ملک
    """),
    towns=towns("""
        Aligarh=علی گڑھ=Uttar Pradesh=202
        Rampur=رام پور=Uttar Pradesh=244
        Srinagar=سری نگر=Jammu and Kashmir=190
        Hyderabad=حیدرآباد=Telangana=500
        Old Delhi=پرانی دہلی=Delhi=110
    """),
    habits=("{given} {surname}", "{given} {surname}", "{given}"),
)

REGIONS = (HINDI, HINDI, HINDI, PUNJABI, URDU)
"""Hindi stands three times: a region is drawn as often as it stands here."""
