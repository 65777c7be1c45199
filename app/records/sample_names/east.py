"""West Bengal, Odisha and Assam."""

from app.records.sample_names.region import Region, Spelling, spellings, towns

BENGALI = Region(
    women=spellings("""
        Sharmila=শর্মিলা Moumita=মৌমিতা Sudeshna=সুদেষ্ণা Paromita=পারমিতা Rina=রিনা Tanushree=তনুশ্রী
        Ishita=ঈশিতা Mitali=মিতালী Debjani=দেবযানী Kakoli=কাকলি Aparna=অপর্ণা Bulbul=বুলবুল
    """),
    men=spellings("""
        Subhash=সুভাষ Sourav=সৌরভ Anirban=অনির্বাণ Debashish=দেবাশিস Partha=পার্থ Tapan=তপন Biswajit=বিশ্বজিৎ
        Kaushik=কৌশিক Prosenjit=প্রসেনজিৎ Dipankar=দীপঙ্কর Arindam=অরিন্দম Sumit=সুমিত
    """),
    surnames=spellings("""
        Banerjee=বন্দ্যোপাধ্যায় Chatterjee=চট্টোপাধ্যায় Mukherjee=মুখোপাধ্যায় Das=দাস Ghosh=ঘোষ Bose=বসু
        Sen=সেন Roy=রায় Dutta=দত্ত Mondal=মণ্ডল Saha=সাহা Biswas=বিশ্বাস
    """),
    towns=towns("""
        Kolkata=কলকাতা=West Bengal=700
        Howrah=হাওড়া=West Bengal=711
        Siliguri=শিলিগুড়ি=West Bengal=734
        Durgapur=দুর্গাপুর=West Bengal=713
        Bardhaman=বর্ধমান=West Bengal=713
        Agartala=আগরতলা=Tripura=799
    """),
    habits=("{given} {surname}", "{given} {surname}", "{given} {title} {surname}"),
    titles=(Spelling("Rani", "রাণী"), Spelling("Kumar", "কুমার")),
)

ODIA = Region(
    women=spellings("""
        Sasmita=ସସ୍ମିତା Itishree=ଇତିଶ୍ରୀ Puspa=ପୁଷ୍ପ Mamata=ମମତା Sabita=ସବିତା Lipsa=ଲିପ୍ସା Basanti=ବାସନ୍ତୀ
        Kuntala=କୁନ୍ତଳା Jayanti=ଜୟନ୍ତୀ Namita=ନମିତା
    """),
    men=spellings("""
        Bijay=ବିଜୟ Pradeep=ପ୍ରଦୀପ Rabindra=ରବୀନ୍ଦ୍ର Manas=ମାନସ Santosh=ସନ୍ତୋଷ Debendra=ଦେବେନ୍ଦ୍ର Ajay=ଅଜୟ
        Tapas=ତାପସ Kailash=କୈଳାସ Gobinda=ଗୋବିନ୍ଦ
    """),
    surnames=spellings("""
        Mohanty=ମହାନ୍ତି Patnaik=ପଟ୍ଟନାୟକ Sahoo=ସାହୁ Behera=ବେହେରା Nayak=ନାୟକ Pradhan=ପ୍ରଧାନ Swain=ସ୍ୱାଇଁ
        Jena=ଜେନା Rout=ରାଉତ Barik=ବାରିକ
    """),
    towns=towns("""
        Bhubaneswar=ଭୁବନେଶ୍ୱର=Odisha=751
        Cuttack=କଟକ=Odisha=753
        Puri=ପୁରୀ=Odisha=752
        Sambalpur=ସମ୍ବଲପୁର=Odisha=768
        Rourkela=ରାଉରକେଲା=Odisha=769
    """),
    habits=("{given} {surname}", "{given} {title} {surname}"),
    titles=(Spelling("Kumari", "କୁମାରୀ"), Spelling("Chandra", "ଚନ୍ଦ୍ର")),
)

ASSAMESE = Region(
    women=spellings("""
        Rupali=ৰূপালী Pallabi=পল্লৱী Junali=জোনালী Mamoni=মামণি Nabanita=নৱনীতা Barnali=বৰ্ণালী
    """),
    men=spellings("""
        Bhaskar=ভাস্কৰ Hemanta=হেমন্ত Pranab=প্ৰণৱ Dhruba=ধ্ৰুৱ Ranjan=ৰঞ্জন Utpal=উৎপল
    """),
    surnames=spellings("""
        Bora=বৰা Saikia=শইকীয়া Gogoi=গগৈ Kalita=কলিতা Hazarika=হাজৰিকা Deka=ডেকা
    """),
    towns=towns("""
        Guwahati=গুৱাহাটী=Assam=781
        Jorhat=যোৰহাট=Assam=785
        Dibrugarh=ডিব্ৰুগড়=Assam=786
    """),
    habits=("{given} {surname}",),
)

REGIONS = (BENGALI, BENGALI, ODIA, ASSAMESE)
